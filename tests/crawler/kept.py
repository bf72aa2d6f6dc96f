"""What a crawl has kept, read back."""

from pathlib import Path

from fashion_pggan.storage.records import RawImage, read_records


def raw(tmp_path: Path) -> list[RawImage]:
    return read_records(tmp_path / "raw/records.parquet", RawImage)


def everything_under(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
