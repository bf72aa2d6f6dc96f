"""Single files that a person names: one that this program did not write is never replaced.

A report (JSON, CSV) and params (YAML) are known by their keys or columns. Any other file carries a mark near
its beginning or end.
"""

import os
from collections.abc import Collection
from pathlib import Path

from fashion_pggan.errors import UserError
from fashion_pggan.params.unique_keys import values_in
from fashion_pggan.storage.bounded.json_text import json_in
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.proof.folder_mark import MARK

WRITTEN_BY = "written by fashion-pggan"
MARKS = (
    WRITTEN_BY.encode(),
    b'"fashion_pggan":',
    b"fashion_pggan.json",
)  # snapshots and exports of them, too
LOOKED_AT = 1 << 16  # bytes, at the beginning and at the end


def check_output(path: Path, names: Collection[str] = ()) -> None:
    """Make sure that writing a file loses nothing.

    Args:
        path: the file; it may be missing or empty.
        names: keys or columns that such a file has; none: it carries a mark.

    Raises:
        UserError: something else would be lost.
    """
    if path.is_dir():
        raise UserError(f"{path} is a folder: give a file")
    for folder in path.absolute().parents:
        if (folder / MARK).is_file():
            raise UserError(f"{path} lies in {folder}, which is replaced as a whole: give a place outside")
    if os.path.lexists(path) and not _may_go(path, names):
        raise UserError(f"{path} is not a file that this command wrote: give another name, or move it away")


def _may_go(path: Path, names: Collection[str]) -> bool:
    if path.is_symlink() and not path.exists():
        return True  # a link to nothing
    if not path.is_file():
        return False  # a device, a pipe
    if not path.stat().st_size:
        return True
    return set(names) <= _names_in(path) if names else _is_marked(path)


def _names_in(path: Path) -> set[str]:
    """The keys of a JSON object or a YAML mapping, or the columns of a CSV file."""
    try:
        text = read_text(path)
        if path.suffix in (".yaml", ".yml"):
            found = values_in(text, str(path))
            return set(found) if isinstance(found, dict) else set()
        if not text.startswith("{"):
            return set(text.partition("\n")[0].split(","))
        return set(json_in(text, finite=False))
    except ValueError:
        return set()


def _is_marked(path: Path) -> bool:
    with path.open("rb") as file:
        ends = file.read(LOOKED_AT)
        file.seek(max(0, path.stat().st_size - LOOKED_AT))
        ends += file.read()
    return any(mark in ends for mark in MARKS)
