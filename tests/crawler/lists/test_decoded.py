"""Lists in other encodings, with odd bytes, and with lines without end."""

import base64
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crawler.lists.skipped import Skipped
from crawler.lists.url_list import read_urls

Read = Callable[..., Any]
KOREAN = "제목,url\n" + "".join(f"남자 반팔 티셔츠 {i},https://a/{i}\n" for i in range(20))
KOREAN = KOREAN.replace("제목", "title")


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp949", "euc-kr", "johab"],
)
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt"])
def test_the_encodings_of_korean_excel_are_read(read: Read, encoding: str, name: str) -> None:
    text = KOREAN if name == "a.csv" else KOREAN.replace(",", "\t")
    got = read(name, text.encode(encoding))
    assert [(result.title, result.link) for result in got.found] == [
        (f"남자 반팔 티셔츠 {i}", f"https://a/{i}") for i in range(20)
    ]
    assert not got.skipped.counts + got.skipped.mended


URLS = [f"https://a.example/p/{i}.jpg" for i in range(12)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("zeros.txt", b"\n".join([*(url.encode() for url in URLS), b"\0\0\0"])),
        ("one_return.txt", "\r".join(URLS).encode()),
        ("blanks.txt", "".join(f"  {url}\t\n" for url in URLS).encode()),
        ("mark_inside.csv", ("\ufefftitle,url\n" + "".join(f"x,\ufeff{url}\n" for url in URLS)).encode()),
        (
            "quoted.csv",
            '\ufeff"title";"url"\r\n'.encode() + "".join(f'"a;b";"{u}"\r\n' for u in URLS).encode(),
        ),
        ("breaks.csv", ("title,url\n" + "".join(f"a\x0b\x0c\x85\u2028b\x1a,{u}\n" for u in URLS)).encode()),
        ("brackets.txt", "".join(f"<{url}>\n" for url in URLS).encode()),
        (
            "mixed.csv",
            b"title,url\n"
            + b"".join(
                f"남자 {i}".encode("cp949" if i % 2 else "utf-8") + f",{url}\n".encode()
                for i, url in enumerate(URLS)
            ),
        ),
    ],
    ids=range(8),
)
def test_what_programs_leave_in_lists_costs_no_address(read: Read, name: str, data: bytes) -> None:
    assert [link for link in read(name, data).links if link.startswith("https:")] == URLS


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
def test_a_list_in_utf_16_without_a_mark_is_read_however_much_hangul_it_holds(
    read: Read, encoding: str, name: str
) -> None:
    title = "가각간 남자 반팔 오버핏 티셔츠 " * 20
    rows = "".join(f"{title}{i},https://a/{i}\r\n" for i in range(9)) if name == "a.csv" else ""
    lines = "".join(f"https://a/{i}\n" for i in range(9))
    got = read(name, (f"title,url\r\n{rows}" if rows else lines).encode(encoding))
    assert got.links == [f"https://a/{i}" for i in range(9)]
    assert not got.skipped.counts + got.skipped.mended


@pytest.mark.parametrize(
    "odd", [b"caf\xe9", b"\xec\x83", b"\x80", b"\xed\xa0\x80", b"a\x00b", b"\xff\xfe", b"\x1b[2J"]
)
def test_an_odd_byte_in_a_title_costs_no_row(read: Read, odd: bytes) -> None:
    rows = KOREAN.encode().replace("티셔츠 7".encode(), odd)
    got = read("a.csv", rows)
    assert got.links == [f"https://a/{i}" for i in range(20)]
    assert not got.skipped.counts


def test_a_label_that_cannot_be_read_is_no_label(read: Read, caplog: pytest.LogCaptureFixture) -> None:
    rows = [f"https://a/{i},t,{label}\n" for i, label in enumerate(["ラベル", "shirt", "レース"])]
    got = read("a.csv", "".join(["url,title,label\n", *rows]).encode("cp932"))
    assert [result.label for result in got.found] == ["", "shirt", ""]
    got.skipped.report()
    assert "a label with bytes that cannot be read (left out) in 2 rows, the first in line 2" in caplog.text


def test_an_odd_byte_in_an_address_costs_that_row_alone(read: Read) -> None:
    got = read("a.txt", b"https://a/1\nhttps://a/\xe9\nhttps://a/2\n")
    assert got.links == ["https://a/1", "https://a/2"]
    assert [(row.line, row.reason) for row in got.skipped.named] == [(2, "ENCODING")]


@pytest.mark.parametrize(
    ("encoding", "title", "named"),
    [
        ("cp932", "メンズ シャツ", "CP932"),
        ("euc_jp", "メンズ シャツ", "EUC-JP"),
        ("gb18030", "男士衬衫", "GB18030"),
        ("big5", "紅色襯衫 短袖上衣", "BIG5"),
        ("cp1252", "chemise été, GRÖSSE", "CP1252"),
        ("cp1252", "BLÅ KLÄNNING, PANTALÓN", "CP1252"),
        ("cp1252", "d\u2019été à 20 €", "CP1252"),
    ],
)
def test_another_encoding_is_named_with_the_command_that_converts_it(
    read: Read, caplog: pytest.LogCaptureFixture, encoding: str, title: str, named: str
) -> None:
    got = read("a.csv", ("title,url\n" + f"{title},https://a/1\n" * 9).encode(encoding))
    assert len(got.links) == 9
    got.skipped.report()
    assert f"iconv -f {named} -t UTF-8" in caplog.text
    assert "in 9 rows, the first in line 2" in caplog.text


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("cp1250", "šaty červené"),
        ("cp1251", "платье красное"),
        ("koi8-r", "РУБАШКА"),
        ("cp1253", "ΠΟΥΚΑΜΙΣΟ"),
        ("cp1254", "ŞORT GÖMLEK"),
        ("cp874", "เสื้อเชิ้ต"),
        ("macintosh", "robe d'été"),
    ],
)
def test_where_no_encoding_is_likely_the_candidates_are_named(
    read: Read, caplog: pytest.LogCaptureFixture, encoding: str, title: str
) -> None:
    read("a.csv", ("title,url\n" + f"{title},https://a/1\n" * 9).encode(encoding)).skipped.report()
    assert "iconv -f ENCODING -t UTF-8" in caplog.text
    assert encoding.upper() in caplog.text.partition("may be ")[2]


def test_kana_of_euc_jp_are_not_taken_for_korean(read: Read) -> None:
    titles = ["赤いシャツ", "ワンピース", "白い靴下", "かわいい"]
    rows = "".join(f"{title},https://a/{i}\n" for i, title in enumerate(titles)).encode("euc_jp")
    assert "iconv -f EUC-JP" in next(iter(read("a.csv", b"title,url\n" + rows).skipped.mended))


@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
@pytest.mark.parametrize("size", [200_000, 3_000_000])
def test_an_image_in_place_of_its_address_costs_that_row_alone(read: Read, name: str, size: int) -> None:
    data = "data:image/jpeg;base64," + base64.b64encode(bytes(size)).decode()
    header = "url\n" if name == "a.csv" else ""
    got = read(name, f"{header}https://a/1\n{data}\nhttps://a/2\n")
    assert [link for link in got.links if link.startswith("https:")] == ["https://a/1", "https://a/2"]
    assert all(len(link) <= 8001 for link in got.links)


def test_odd_bytes_of_a_parquet_file_cost_no_other_row(read: Read, tmp_path: Any) -> None:
    raw = [b"https://a/1", b"https://a/\xff", None, b"https://a/2"]
    offsets = pa.array(raw, pa.binary()).buffers()
    urls = pa.StringArray.from_buffers(4, offsets[1], offsets[2], offsets[0])
    pq.write_table(
        pa.table({"URL": urls, "TEXT": pa.array([b"a\xff", b"b", b"c", None])}), tmp_path / "a.parquet"
    )
    skipped = Skipped(tmp_path / "a.parquet", 1.0)
    found = list(read_urls(tmp_path / "a.parquet", skipped))
    assert [(result.rank, result.link) for result in found] == [(1, "https://a/1"), (4, "https://a/2")]
    assert [(row.line, row.reason) for row in skipped.named] == [(2, "ENCODING"), (3, "NO_ADDRESS")]
