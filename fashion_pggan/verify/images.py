"""Checks images as received against the SHA-256 of their records."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.proof.listing import files_below
from fashion_pggan.storage.record_folder import RecordFolder
from fashion_pggan.storage.tables import rescue, table_fault
from fashion_pggan.verify.findings import MISSING, Faults

COLUMNS = ["file", "url", "sha256"]
IMAGES = "images"  # the folder of the files
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


def table_of(path: Path) -> Any:
    """Yield what is wrong with a table of records; return its intact rows."""
    fault = table_fault(path)
    kept, lost = rescue(path)
    if fault:
        fault += f"; {'all' if kept is None else lost} of its rows are lost"
    yield path, fault
    return kept.select(COLUMNS).to_pylist() if kept is not None else []


def recorded(folder: Path, rows: Sequence[dict[str, Any]]) -> Faults:
    """The file of each record, with the values in `COLUMNS`; the last record of a file counts."""
    files = RecordFolder(folder, IMAGES, links=True)
    for row in {row["file"]: row for row in rows}.values():
        yield folder / row["file"], _fault_of(files, row)


def nameless(folder: Path, rows: Sequence[dict[str, Any]]) -> list[Path]:
    """The images that no record names."""
    named = {row["file"] for row in rows}
    return [
        folder / IMAGES / name for name in files_below(folder / IMAGES) if f"{IMAGES}/{name}" not in named
    ]


def _fault_of(files: RecordFolder, row: dict[str, Any]) -> str:
    try:
        path = files.path_of(SimpleNamespace(**row))
        return "" if sha256_of(path) == row["sha256"] else "it is not what was fetched, by its SHA-256"
    except (OSError, UserError) as error:
        return one_line(error)
