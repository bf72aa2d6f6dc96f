"""Drills on shards of raw images: cut off, swapped, linked elsewhere, foreign; and on records that lie."""

import hashlib
import io
import random
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.drills.outputs import Output, verified
from benchmarks.drills.pipeline import Pipeline
from benchmarks.drills.trials import Row
from fashion_pggan.storage.records import RawImage, read_records, write_records

RAW, STORE = Output("data/raw", "curate", mark=""), Output("runs/crawl", "crawl")
RECORDS = "records.parquet"


def shards(pipeline: Pipeline, tries: int, chance: random.Random) -> Iterator[Row]:
    """Harms to the shards of data/raw, before curation, and to those of the store, before a crawl."""
    harms: dict[str, Callable[[Path], Path]] = {
        "a shard cut off": partial(_cut, chance),
        "a shard swapped for another": _swap,
        "a shard that is a link elsewhere": _link,
        "a foreign shard": _add,
    }
    for output in (RAW, STORE):
        for name, harm in harms.items():
            yield Row(f"{name} in {output.folder}", [verified(pipeline, output, harm) for _ in range(tries)])
    for name, harm in {
        "records that name a file outside": _outside,
        "records that name other bytes of the shard": _shifted,
    }.items():
        yield Row(f"{name} in {RAW.folder}", [verified(pipeline, RAW, harm) for _ in range(tries)])


def _shard(folder: Path) -> Path:
    return min((folder / "shards").glob("*.tar"))


def _cut(chance: random.Random, folder: Path) -> Path:
    shard = _shard(folder)
    data = shard.read_bytes()
    shard.unlink()  # it may be a link to the other folder's
    shard.write_bytes(data[: chance.randrange(len(data))])
    return shard


def _swap(folder: Path) -> Path:
    shard = _shard(folder)
    shard.unlink()
    shard.write_bytes(_tar())
    return shard


def _link(folder: Path) -> Path:
    shard, elsewhere = _shard(folder), folder.parent / "elsewhere.tar"
    elsewhere.write_bytes(_tar())
    shard.unlink()
    shard.symlink_to(elsewhere.resolve())
    return shard


def _add(folder: Path) -> Path:
    data = _tar()
    shard = folder / "shards" / f"{hashlib.sha256(data).hexdigest()}.tar"
    shard.write_bytes(data)
    return shard


def _outside(folder: Path) -> Path:
    _recorded(folder, lambda record: {"file": "../../params.yaml", "offset": 0})
    return folder / "../../params.yaml"


def _shifted(folder: Path) -> Path:
    _recorded(folder, lambda record: {"offset": record.offset + 1})
    return _shard(folder)


def _recorded(folder: Path, change: Callable[[RawImage], dict[str, object]]) -> Path:
    """Write the records again, the first one changed."""
    path = folder / RECORDS
    first, *others = read_records(path, RawImage)
    write_records(path, [first.model_copy(update=change(first)), *others], RawImage)
    return path


def _tar() -> bytes:
    """A tar file with one entry, as another program writes it."""
    file, data = io.BytesIO(), b"not of this crawl"
    with tarfile.open(fileobj=file, mode="w") as tar:
        entry = tarfile.TarInfo("mine.txt")
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    return file.getvalue()
