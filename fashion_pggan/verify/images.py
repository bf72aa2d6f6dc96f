"""Checks images as received against the SHA-256 of their records."""

from collections import defaultdict
from collections.abc import Generator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.files import file_fault, sha256_of
from fashion_pggan.storage.hashes import HashMemory
from fashion_pggan.storage.packed.in_shard import Member, damaged_in
from fashion_pggan.storage.packed.tar_shards import FOLDER, NAME, sha256_in
from fashion_pggan.storage.proof.listing import files_below
from fashion_pggan.storage.record_folder import RecordFolder
from fashion_pggan.storage.tables import rescue, table_fault
from fashion_pggan.verify.findings import MISSING, Faults

COLUMNS = ["file", "url", "sha256"]
PLACE = ["offset", "size"]  # of an image in a shard; records of former versions have none
IMAGES = "images"  # the folder of single files
RECORDS = "records.parquet"  # of data/raw


def crawled(folder: Path) -> Faults:
    """Each file of data/raw with what is wrong with it; empty when it is intact."""
    if not (folder / RECORDS).is_file():
        yield folder / RECORDS, f"{MISSING}: nothing says which images belong here"
        return
    rows = yield from table_of(folder / RECORDS)
    yield from recorded(folder, rows)
    for path in nameless(folder, rows):
        yield path, "no record names it"


def table_of(path: Path) -> Generator[tuple[Path, str], None, list[dict[str, Any]]]:
    """Yield what is wrong with a table of records; return its intact rows."""
    fault = table_fault(path)
    kept, lost = rescue(path)
    if fault:
        fault += f"; {'all' if kept is None else lost} of its rows are lost"
    yield path, fault
    if kept is None:
        return []
    names = [*COLUMNS, *(name for name in PLACE if name in kept.column_names)]
    rows: list[dict[str, Any]] = kept.select(names).to_pylist()
    return rows


def recorded(folder: Path, rows: Sequence[dict[str, Any]]) -> Faults:
    """The file of each record, an image or a shard of images; the last record of an image counts."""
    files = RecordFolder(folder, IMAGES, FOLDER, links=True)
    rows_of: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in rows:
        rows_of[row["file"]][row["sha256"]] = row
    for file, found in rows_of.items():
        yield folder / file, _fault_of(files, list(found.values()))


def nameless(folder: Path, rows: Sequence[dict[str, Any]]) -> list[Path]:
    """The images and shards that no record names."""
    named = {row["file"] for row in rows}
    there = (f"{below}/{name}" for below in (IMAGES, FOLDER) for name in files_below(folder / below))
    return [folder / name for name in there if name not in named]


def _fault_of(files: RecordFolder, rows: Sequence[dict[str, Any]]) -> str:
    """What is wrong with the file of some records; all of them lie in it."""
    try:
        path = files.path_of(SimpleNamespace(**rows[-1]))
        if NAME.fullmatch(rows[-1]["file"]):
            return _shard_fault(path, rows)
        return "" if sha256_of(path) == rows[-1]["sha256"] else "it is not what was fetched, by its SHA-256"
    except (OSError, UserError) as error:
        return one_line(error)


def _shard_fault(shard: Path, rows: Sequence[dict[str, Any]]) -> str:
    members = [Member(row.get("offset") or 0, row.get("size") or 0, row["sha256"]) for row in rows]
    damaged = {one.sha256 for one in damaged_in(shard, members, HashMemory(None))}
    if urls := [row["url"] for row in rows if row["sha256"] in damaged]:
        more = f" and {len(urls) - 1} more" if len(urls) > 1 else ""
        return f"the image of {urls[0]!r}{more} in it is not what was fetched, by its SHA-256"
    return file_fault(shard, sha256_in(shard.name))
