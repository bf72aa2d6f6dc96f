"""Records survive the way to disk and back; what is no record is refused by name."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.storage.records import CuratedImage, GeneratedImage, RawImage, read_records, write_records

RAW = RawImage(
    sha256="00ff",
    file="images/00/00ff.jpg",
    url="http://shop/a?b=1&c=2",
    title='니트 "린넨", 50% <할인>',
    query="남자 니트",
    provider="demo",
    rank=1000,
    declared_width=None,
    declared_height=1200,
    crawled_at="2026-11-23T00:00:00Z",
    content_type="",
    size=2**32,
)


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    write_records(tmp_path / "records.parquet", [RAW, RAW], RawImage)
    assert read_records(tmp_path / "records.parquet", RawImage) == [RAW, RAW]


@pytest.mark.parametrize("kind", [RawImage, CuratedImage, GeneratedImage])
def test_a_file_without_records_still_has_its_columns(tmp_path: Path, kind: type) -> None:
    write_records(tmp_path / "records.parquet", [], kind)
    assert pq.read_schema(tmp_path / "records.parquet").names == list(kind.model_fields)
    assert read_records(tmp_path / "records.parquet", kind) == []


def test_columns_have_types_though_a_column_is_empty(tmp_path: Path) -> None:
    write_records(tmp_path / "records.parquet", [RAW], RawImage)
    schema = pq.read_schema(tmp_path / "records.parquet")
    assert schema.field("declared_width").type == pa.int64()
    assert schema.field("title").type == pa.string()


def test_a_missing_file_says_which_stage_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no records at .*raw\.parquet: run the stage that writes them"):
        read_records(tmp_path / "raw.parquet", RawImage)


@pytest.mark.parametrize("content", [b"", b"not parquet at all", b"PAR1" + bytes(40) + b"PAR1"])
def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "records.parquet").write_bytes(content)
    with pytest.raises(UserError, match="cannot be read as RawImage records"):
        read_records(tmp_path / "records.parquet", RawImage)


def test_records_of_another_kind_are_refused(tmp_path: Path) -> None:
    write_records(tmp_path / "records.parquet", [RAW], RawImage)
    with pytest.raises(UserError, match="cannot be read as GeneratedImage records"):
        read_records(tmp_path / "records.parquet", GeneratedImage)
