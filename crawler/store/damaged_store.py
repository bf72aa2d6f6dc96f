"""Reads a crawl's whole store and says which of its files are damaged."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from crawler.lines import lines_of
from crawler.store.own.nameless import SINGLE, going, shard_fault
from crawler.store.recorded import LOG, TABLE
from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import file_fault
from fashion_pggan.storage.packed.tar_shards import NAME
from fashion_pggan.verify import images, listed
from fashion_pggan.verify.findings import Faults

LINES = (LOG, "plan-*.jsonl", "calls.json")  # files whose lines have checksums


def faults(folder: Path) -> Faults:
    """Each file of a store with what is wrong with it; empty when it is whole."""
    yield from listed.faults(folder)
    rows: list[dict[str, Any]] = []
    if (folder / TABLE).is_file():
        rows += yield from images.table_of(folder / TABLE)
    for path in (path for pattern in LINES for path in sorted(folder.glob(pattern))):
        names = images.COLUMNS if path.name == LOG else []
        fault, values = _lines_of(path, names)
        yield path, fault
        rows += values if names else []
    yield from images.recorded(folder, rows)
    known, will_go = {row["sha256"] for row in rows}, {folder / name for name in going(folder)}
    for path in images.nameless(folder, rows):
        yield path, "" if path in will_go else _nameless_fault(path, folder, known)


def _nameless_fault(path: Path, folder: Path, known: Collection[str]) -> str:
    """What is wrong with a file that no record names: a kill leaves some."""
    name = path.relative_to(folder).as_posix()
    if NAME.fullmatch(name):
        return shard_fault(path, known)
    return file_fault(path, path.stem) if SINGLE.fullmatch(name) else "no record names it"


def _lines_of(path: Path, names: list[str]) -> tuple[str, list[dict[str, Any]]]:
    """What is wrong with a file of lines, and the values of the lines that are whole."""
    try:
        lines = [line.values for line in lines_of(path)]
    except (OSError, UserError) as error:
        return str(error), []
    whole = [
        values for values in lines if values and all(isinstance(values.get(name), str) for name in names)
    ]
    torn = len(lines) - len(whole)
    return f"{torn} of its lines cannot be read" if torn else "", whole
