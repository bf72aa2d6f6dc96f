"""Rows of tables: a quotation mark that nobody closed costs no other row."""

from collections.abc import Callable
from typing import Any

import pytest

Read = Callable[..., Any]
URLS = [f"https://shop.example/p/{i}.jpg" for i in range(30)]


def table(delimiter: str, columns: list[str], changed: dict[int, str]) -> str:
    """A table of 30 rows; the titles of some are changed."""
    rows = [{"url": url, "title": changed.get(i, f"shirt {i}")} for i, url in enumerate(URLS)]
    return "".join(
        f"{delimiter.join(line)}\n" for line in [columns, *([row[name] for name in columns] for row in rows)]
    )


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
@pytest.mark.parametrize("columns", [["title", "url"], ["url", "title"]])
@pytest.mark.parametrize(
    "titles",
    [
        {3: '"17 inch'},
        {3: '"17 inch', 4: '"18 inch', 20: 'a "b" c'},
        {0: '"first', 29: '"last'},
        {5: '"one', 6: 'two "two'},
        {7: '"'},
        {8: '"a ""quoted"" word'},
    ],
)
def test_an_open_quotation_mark_costs_no_row(
    read: Read, name: str, columns: list[str], titles: dict[int, str]
) -> None:
    got = read(name, table("," if name == "a.csv" else "\t", columns, titles))
    assert got.links == URLS
    assert [result.rank for result in got.found] == list(range(1, 31))
    assert all(len(result.title) < 30 for result in got.found)
    assert not got.skipped.counts
    assert got.skipped.mended


def test_a_cell_with_line_breaks_is_one_cell(read: Read) -> None:
    text = '"a shirt\nwith ""two""\n\npockets",https://a/1\nhttps,https://a/2\n"x\ny",https://a/3\n'
    got = read("a.csv", f"title,url\n{text}")
    assert got.links == ["https://a/1", "https://a/2", "https://a/3"]
    assert [result.title for result in got.found] == ['a shirt with "two" pockets', "https", "x y"]
    assert not got.skipped.counts + got.skipped.mended


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        ("title,url", '"see\nhttps://b/p, more",https://a/1'),
        ("url,title", 'https://a/1,"see also\nhttps://b/ for more"'),
        ("url;title", 'https://a/1;"one\r\nhttps://b/2\r\nthree"'),
    ],
)
def test_a_title_may_hold_a_line_that_begins_with_an_address(read: Read, columns: str, row: str) -> None:
    got = read("a.csv", f"{columns}\n{row}\n")
    assert got.links == ["https://a/1"]
    assert "https://b/" in got.found[0].title
    assert not got.skipped.counts + got.skipped.mended


@pytest.mark.parametrize(
    ("header", "row", "link"),
    [
        ("title,url", "a shirt, blue,https://a/1", "https://a/1"),
        ("title,url", "shirt,https://a/w=2,h=3/1.jpg", "https://a/w=2,h=3/1.jpg"),
        ("url,title", "https://a/1,a shirt, blue", "https://a/1"),
        ("url", "https://a/w=2,h=3/1.jpg", "https://a/w=2,h=3/1.jpg"),
        ("url,title,width", "https://a/1", "https://a/1"),
        ("title\turl", '"A\tB" C\thttps://a/1', "https://a/1"),
        ('"url"\t"title"', '"https://a/1"\t"x"', "https://a/1"),
        ("title;url", "a, b;https://a/1", "https://a/1"),
        (" Url , Title", "https://a/1,x", "https://a/1"),
    ],
)
def test_a_row_with_other_cells_than_its_header_keeps_its_address(
    read: Read, header: str, row: str, link: str
) -> None:
    assert read("a.csv", f"{header}\n{row}\n").links == [link]


@pytest.mark.parametrize(
    ("header", "row", "found"),
    [
        ("title,url,label", "a shirt, red,https://a/1,x", ("a shirt, red", "https://a/1", "x")),
        ("url,title,label", "https://a/1,a shirt, red, wide,x", ("a shirt, red, wide", "https://a/1", "x")),
        ("label,title,url", "x,a, b,https://a/w=1,h=2", ("a, b", "https://a/w=1,h=2", "x")),
        ("title,label,url", "a, b,x,https://a/1", ("a, b", "https://a/1", "x")),
        ("page,title,url,label", "https://b/p,a, b,https://a/1,x", ("a, b", "https://a/1", "x")),
        ("label,url,page", "x,y,https://a/1,https://b/p", ("", "https://a/1", "")),
        ("label,url,title", "x,https://a/1,a,,b", ("a,,b", "https://a/1", "x")),
        ("title,url,label", "a,https://a/1,x,y", ("a", "https://a/1", "")),
        ("url,title,label", "oh,no,x,https://a/1", ("", "https://a/1", "")),
    ],
)
def test_a_title_that_splits_into_cells_shifts_no_other_cell(
    read: Read, caplog: pytest.LogCaptureFixture, header: str, row: str, found: tuple[str, str, str]
) -> None:
    got = read("a.csv", f"{header}\n{row}\n")
    assert [(result.title, result.link, result.label) for result in got.found] == [found]
    got.skipped.report()
    assert "a.csv: more cells than columns (" in caplog.text
    assert "in 1 row, the first in line 2" in caplog.text


def test_empty_cells_behind_a_row_are_none_too_many(read: Read) -> None:
    got = read("a.csv", "url,title,label\nhttps://a/1,a shirt,x,,\nhttps://a/2,,,,\n")
    assert [(result.title, result.label) for result in got.found] == [("a shirt", "x"), ("", "")]
    assert not got.skipped.counts + got.skipped.mended


def test_a_row_without_an_address_is_skipped_by_line_and_reason(read: Read) -> None:
    got = read("a.csv", "title,url\na,https://a/1\nb,\n\nc\nd,e,f\ng,https://a/2\n")
    assert got.links == ["https://a/1", "https://a/2"]
    assert [(row.line, row.reason) for row in got.skipped.named] == [
        (3, "NO_ADDRESS"),
        (5, "BAD_ROW"),
        (6, "BAD_ROW"),
    ]


def test_quotation_marks_that_never_close_cost_no_time(read: Read) -> None:
    got = read("a.csv", "url,title,width\n" + 'x,"' * 20_000 + "\n" + 'a,"b\n' + "c\nd\n" * 2000)
    assert got.skipped.rows == 4_002


def test_an_open_quotation_mark_costs_none_of_the_last_rows(read: Read) -> None:
    got = read("a.csv", 'title,url\n"a,b\n\nc,d\ne,https://a/1\n"f\ng,h\ni\n')
    assert got.links == ["b", "d", "https://a/1", "h"]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
@pytest.mark.parametrize("title", [r"a \"big\" shirt, blue ", r"\"big\"", r"12\" wide", r"C:\\ and \"D\""])
def test_a_backslash_escapes_a_quotation_mark_where_the_row_is_none_otherwise(
    read: Read, name: str, title: str
) -> None:
    delimiter = "," if name == "a.csv" else "\t"
    rows = [["title", "url"], *([f'"{title}"', url] for url in URLS)]
    got = read(name, "\n".join(map(delimiter.join, rows)))
    assert got.links == URLS
    plain = title.strip().replace(r"\"", '"').replace(r"\\", "\\")
    assert {result.title for result in got.found} == {plain}
    assert not got.skipped.counts + got.skipped.mended


@pytest.mark.parametrize("title", ['"a \\"', r'"say \"" 5"', r'"C:\new ""x"""', "C:\\"])
def test_a_backslash_is_itself_where_quotation_marks_are_doubled(read: Read, title: str) -> None:
    got = read("a.csv", f"title,url\n{title},https://a/1\n")
    assert got.links == ["https://a/1"]
    assert "\\" in got.found[0].title
