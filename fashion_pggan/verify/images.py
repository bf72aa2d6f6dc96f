"""Images as received against the SHA-256 of their records: data/raw, and the crawl's store."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.record_folder import RecordFolder
from fashion_pggan.storage.tables import rescue, table_fault

COLUMNS = ["file", "url", "sha256"]


def faults(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each table, log and image of a folder with what is wrong with it; empty where nothing is."""
    rows: list[dict[str, Any]] = []
    for name in ("records.parquet", "fetched.parquet"):
        if (folder / name).is_file():
            fault, found = table_of(folder / name)
            yield folder / name, fault
            rows += found
    if (folder / "fetched.jsonl").is_file():
        fault, found = _log_of(folder / "fetched.jsonl")
        yield folder / "fetched.jsonl", fault
        rows += found
    files, hashes = RecordFolder(folder, "images", links=True), {row["file"]: row for row in rows}
    for row in hashes.values():
        yield folder / row["file"], _fault_of(files, row)


def table_of(path: Path) -> tuple[str, list[dict[str, Any]]]:
    """What is wrong with a table of records, and those of its rows that are whole."""
    fault = table_fault(path)
    kept, lost = rescue(path)
    if fault:
        fault += f"; {'all' if kept is None else lost} of its rows are lost"
    return fault, kept.select(COLUMNS).to_pylist() if kept is not None else []


def _log_of(path: Path) -> tuple[str, list[dict[str, Any]]]:
    rows, torn = [], 0
    for line in filter(None, path.read_bytes().split(b"\n")):
        try:
            said = json.loads(line)
            rows.append({name: str(said[name]) for name in COLUMNS})
        except (ValueError, KeyError, TypeError):
            torn += 1
    return f"{torn} of its lines cannot be read" if torn else "", rows


def _fault_of(files: RecordFolder, row: dict[str, Any]) -> str:
    try:
        path = files.path_of(SimpleNamespace(**row))
        return "" if sha256_of(path) == row["sha256"] else "it is not what was fetched, by its SHA-256"
    except (OSError, UserError) as error:
        return one_line(error)
