"""Headers of Parquet pages are read before anything is allocated for what they claim."""

import io
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fashion_pggan.storage.bounded.parquet import BoundedParquet
from fashion_pggan.storage.bounded.parquet_pages import Page, has_wrong_sizes, pages_of

DATA, DICTIONARY = 0, 2  # kinds of pages
ALL = [  # a field of each type, as structures and lists of a later version may have them
    b"\x11\x12\x13\x7f\x14\x80\x01\x16\x01\x17" + bytes(8),
    b"\x18\x03abc\x19\x25\x02\x04\x19\xf8\x10" + b"\x01x" * 16,
    b"\x1a\x11\x01\x1b\x00\x1b\x01\x58\x02\x01z\x1c\x15\x02\x00\x0c\xa0\x01\x00",
]


def varint(value: int) -> bytes:
    value, digits = value << 1 ^ value >> 63, []
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])


def header(size: int, packed: int, *, number: int = 0, more: bytes = b"") -> bytes:
    """The header of a dictionary's page."""
    fields = [b"\x15" + varint(value) for value in (DICTIONARY, size, packed)]
    return b"".join([*fields, b"\x4c\x15" + varint(number) + b"\x15\x00\x00", more, b"\x00"])


def pages(data: bytes) -> list[Page]:
    part = SimpleNamespace(
        data_page_offset=4,
        has_dictionary_page=False,
        total_compressed_size=len(data),
        path_in_schema="a",
    )
    return list(pages_of(io.BytesIO(b"PAR1" + data), 4 + len(data), part))


@pytest.mark.parametrize("more", [b"", *ALL, b"\x18\xf0\x2e" + bytes(6000)])
def test_every_page_of_a_column_is_found_whatever_else_its_header_holds(more):
    first, second = header(2**31 - 1, 3, number=7, more=more), header(5, 0)
    there = 4 + len(first)
    end = there + 3 + len(second)
    assert pages(first + b"abc" + second) == [Page(4, 2**31 - 1, there + 3), Page(there + 3, 5, end)]


@pytest.mark.parametrize(
    "data",
    [
        b"\x15",
        b"\x00",
        b"\x0d" + bytes(9),
        b"\x1c" * 4000,
        b"\x15" + b"\xff" * 11 + b"\x00",
        b"\x18\xff\xff\xff\xff\x0f",
        b"\x19\xf1\xff\xff\xff\xff\x0f",
        header(5, 6) + b"short",
        header(-5, 0),
        header(5, -1),
        header(5, 0, number=6),
        header(5, 0, number=-1),
        header(2**33, 0)[:8],
    ],
)
def test_a_header_that_is_broken_or_claims_what_cannot_be_is_refused(data):
    with pytest.raises(ValueError, match="page"):
        pages(data)


def test_what_arrow_reads_is_what_is_found(tmp_path):
    table = pa.table(
        {"url": [f"https://a.example/{n}" for n in range(9000)], "bytes": [b"x" * n for n in range(9000)]}
    )
    for options in ({}, {"data_page_version": "2.0"}, {"compression": "none", "use_dictionary": False}):
        path = tmp_path / "usual.parquet"
        pq.write_table(table, path, data_page_size=10_000, write_page_checksum=True, **options)
        size, group = path.stat().st_size, pq.read_metadata(path).row_group(0)
        with path.open("rb") as file:
            for part in (group.column(place) for place in range(2)):
                found = list(pages_of(file, size, part))
                assert len(found) > 1
                claimed = part.total_uncompressed_size
                assert (
                    0 <= claimed - sum(page.size for page in found) < 20_000 * len(found)
                )  # with statistics
                assert found[-1].end - found[0].start == part.total_compressed_size


def test_a_footer_that_says_less_than_the_pages_is_not_believed(tmp_path):
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"a": ["y" * (80 << 20)]}), path, use_dictionary=False, compression="zstd")
    said = pq.read_metadata(path).row_group(0).column(0).total_uncompressed_size
    data, less = path.read_bytes(), b"\x82\x80\x80\x00"
    assert len(varint(said)) == len(less)
    path.write_bytes(data.replace(varint(said), less))
    assert pq.read_metadata(path).row_group(0).column(0).total_uncompressed_size == 1
    with path.open("rb") as file, pytest.raises(ValueError, match="row group 0 unpacks to 83,886"):
        next(BoundedParquet(file, path.stat().st_size).batches())


@pytest.mark.parametrize(
    ("writer", "wrong"),
    [
        ("parquet-mr version 1.2.8 (build x)", True),
        ("Parquet-MR version 0.9", True),
        ("parquet-mr version 1.12.0", False),
        ("parquet-cpp-arrow version 21.0.0", False),
        (None, False),
    ],
)
def test_writers_whose_sizes_are_wrong_are_known(writer, wrong):
    assert has_wrong_sizes(writer) == wrong
