"""Images as received against the SHA-256 of their records."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.record_folder import RecordFolder
from fashion_pggan.storage.tables import rescue, table_fault

COLUMNS = ["file", "url", "sha256"]


def faults(folder: Path, recent: Sequence[dict[str, Any]] = ()) -> Iterator[tuple[Path, str]]:
    """Each table and image of a folder with what is wrong with it; empty where nothing is.

    Args:
        folder: data/raw, or a crawl's store.
        recent: records that are in no table yet, with the values in `COLUMNS`.
    """
    rows: list[dict[str, Any]] = []
    for name in ("records.parquet", "fetched.parquet"):
        if (folder / name).is_file():
            fault, found = table_of(folder / name)
            yield folder / name, fault
            rows += found
    files = RecordFolder(folder, "images", links=True)
    hashes = {row["file"]: row for row in [*rows, *recent]}
    for row in hashes.values():
        yield folder / row["file"], _fault_of(files, row)


def table_of(path: Path) -> tuple[str, list[dict[str, Any]]]:
    """What is wrong with a table of records, and those of its rows that are whole."""
    fault = table_fault(path)
    kept, lost = rescue(path)
    if fault:
        fault += f"; {'all' if kept is None else lost} of its rows are lost"
    return fault, kept.select(COLUMNS).to_pylist() if kept is not None else []


def _fault_of(files: RecordFolder, row: dict[str, Any]) -> str:
    try:
        path = files.path_of(SimpleNamespace(**row))
        return "" if sha256_of(path) == row["sha256"] else "it is not what was fetched, by its SHA-256"
    except (OSError, UserError) as error:
        return one_line(error)
