"""Lists of URLs."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crawler.lists.skipped import Skipped
from crawler.lists.url_list import read_urls
from crawler.providers.api import Result
from fashion_pggan.errors import UserError


def urls_of(path: Path, most: float = 1.0) -> list[Result]:
    skipped = Skipped(path, most)
    found = list(read_urls(path, skipped))
    skipped.check()
    return found


@pytest.mark.parametrize("name", ["list.txt", "list.csv", "list.parquet"])
def test_a_list_of_addresses_may_be_text_csv_or_parquet(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    urls = ["http://a/1.jpg", "", "https://b/2,3.png"]
    if path.suffix == ".parquet":
        columns = {"url": urls, "caption": ["<b>하나</b>", None, None], "width": [640, None, 0]}
        pq.write_table(pa.table({**columns, "height": [480, 1, 1]}), path)
    elif path.suffix == ".csv":
        path.write_text(
            f'\ufeffcaption,url,width,height\n<b>하나</b>,{urls[0]},640,480\n,,,\n,"{urls[2]}",0,x\n'
        )
    else:
        path.write_text("\n".join(urls))
    found = urls_of(path)
    assert [(result.rank, result.link) for result in found] == [(1, urls[0]), (3, urls[2])]
    if path.suffix != ".txt":
        assert (found[0].title, found[0].width, found[0].height) == ("하나", 640, 480)
        assert (found[1].title, found[1].width) == ("", None)


def test_sizes_of_a_table_with_gaps_and_the_names_of_laion_are_understood(tmp_path: Path) -> None:
    columns = {"URL": ["http://a/1", "http://a/2"], "TEXT": ["one", "two"]}
    pq.write_table(
        pa.table({**columns, "WIDTH": [500.0, None], "HEIGHT": [400.0, 1.5]}), tmp_path / "a.parquet"
    )
    found = [(result.title, result.width, result.height) for result in urls_of(tmp_path / "a.parquet")]
    assert found == [("one", 500, 400), ("two", None, 1)]
    (tmp_path / "a.tsv").write_text("url\ttitle\twidth\theight\nhttp://a/1\tone, two\t500.0\tnan\n")
    (result,) = urls_of(tmp_path / "a.tsv")
    assert (result.link, result.title, result.width, result.height) == ("http://a/1", "one, two", 500, None)


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("none.txt", None, "no list of URLs at .*: name a file in crawl.url_list"),
        ("a.csv", b"link,title\nx,y\n", r"has no column url \(it has link, title\)"),
        ("b.csv", b"http://a/1.jpg,a shirt\n", "b.csv has no header: add a first line .* such as url,title"),
        ("a.txt.gz", b"\x1f\x8b\x08\0", "a.txt.gz is a gzip file: give the unpacked list"),
        ("c.csv", b"PK\x03\x04\x14\0", "c.csv is a ZIP or Excel file: .* save it as CSV"),
        ("a.parquet", b"PAR?", "cannot be read as a list of URLs"),
    ],
)
def test_a_list_that_cannot_be_read_is_an_error(
    tmp_path: Path, name: str, content: bytes | None, text: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=text):
        urls_of(tmp_path / name)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt"])
def test_a_list_of_addresses_alone_needs_no_header_whatever_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("\nhttp://a/1.jpg\nhttp://a/w=1,h=2/3.jpg\n")
    assert [(result.rank, result.link) for result in urls_of(tmp_path / name)] == [
        (2, "http://a/1.jpg"),
        (3, "http://a/w=1,h=2/3.jpg"),
    ]


def test_a_line_that_tells_excel_the_delimiter_is_no_header(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("sep=;\r\ntitle;url\r\none;http://a/1\r\n")
    (result,) = urls_of(tmp_path / "a.csv")
    assert (result.rank, result.title, result.link) == (1, "one", "http://a/1")


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.parquet"])
@pytest.mark.parametrize("filled", [0, 1])
def test_of_two_columns_of_one_name_the_first_filled_one_counts(
    tmp_path: Path, name: str, filled: int
) -> None:
    columns, row = ["url", "title", "url"], ["", "a shirt", ""]
    row[2 * filled] = "http://a/1"
    if name == "a.parquet":
        pq.write_table(pa.table([[cell] for cell in row], names=columns), tmp_path / name)
    else:
        delimiter = "," if name == "a.csv" else "\t"
        (tmp_path / name).write_text(f"{delimiter.join(columns)}\n{delimiter.join(row)}\n")
    assert [(result.link, result.title) for result in urls_of(tmp_path / name)] == [("http://a/1", "a shirt")]


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_any_line_end_of_unicode_ends_an_address(tmp_path: Path, end: str) -> None:
    (tmp_path / "a.txt").write_text(f"http://a/1{end}http://a/2\nhttp://a/3{end}\n")
    assert [result.link for result in urls_of(tmp_path / "a.txt")] == [f"http://a/{i}" for i in (1, 2, 3)]
