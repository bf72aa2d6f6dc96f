"""What a crawl has kept, read back."""

import json
import tarfile
from pathlib import Path

from crawler.lines import lines_of
from crawler.plan.packed import unpacked
from fashion_pggan.storage.packed.in_shard import place_of
from fashion_pggan.storage.records import RawImage, read_records


def raw(tmp_path: Path) -> list[RawImage]:
    return read_records(tmp_path / "raw/records.parquet", RawImage)


def bytes_of(folder: Path, record: RawImage) -> bytes:
    return place_of(folder / record.file, record.offset, record.size).read_bytes()


def members(folder: Path) -> dict[str, bytes]:
    """The images in the shards of data/raw by name, as tar programs see them."""
    found = {}
    for path in sorted(folder.glob("shards/*.tar")):
        with tarfile.open(path) as tar:
            found |= {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]  # plain files
    return found


def everything_under(folder: Path) -> bytes:
    """The bytes of all files, and what the packed lines of journals say."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    lines = [line.values for path in files if path.name.startswith("plan-") for line in lines_of(path)]
    said = [json.dumps(unpacked(values), ensure_ascii=False).encode() for values in lines if values]
    return b"\n".join([*(path.read_bytes() for path in files), *said])
