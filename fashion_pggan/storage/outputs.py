"""Checks output files that a person names, so that only files of this program are replaced.

A report (JSON, CSV) and params (YAML) are known by their keys or columns. Any other file carries a mark near
its beginning or end.
"""

import csv
import json
import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.json_text import json_in
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.bounded.yaml_text import values_in
from fashion_pggan.storage.files import LAST_CHECKS
from fashion_pggan.storage.proof.folder_mark import check_not_within

WRITTEN_BY = "written by fashion-pggan"
MARK_IN = WRITTEN_BY.encode()
# Where the mark stands in a file of each form; a text that merely mentions it has none of them.
FORMS = re.compile(
    rb"(?:"
    rb"\x89PNG\r\n\x1a\n.*?(?:tEXtSoftware\x00%b|[it][TE]Xtfashion_pggan\x00)"
    rb'|\s*<!doctype html>.{0,512}<meta name="generator" content="%b">'
    rb"|%b\n-----BEGIN CERTIFICATE-----"
    rb'|.{8}\{"__metadata__":\{"fashion_pggan":'  # a snapshot
    rb'|fashion-pggan-run\.json\x00.{100,400}ustar.{200,300}\{\n "program": "%b"'  # a run
    rb"|RIFF.{4}WEBP.*EXIF.{4,64}%b"
    rb"|.{4}ftyp.*free%b\Z"
    rb"|PK\x03\x04.*PK\x05\x06.{18}%b\Z"  # weights
    rb"|PK\x03\x04.*/fashion_pggan\.json"  # a network of PyTorch
    rb'|\x08.*fashion_pggan\x12.{1,4}\{"program": "%b"'  # of ONNX
    rb")".replace(b"%b", MARK_IN),
    re.DOTALL,
)
LOOKED_AT = 1 << 16  # bytes, at the beginning and at the end


def check_output(path: Path, names: Collection[str] = ()) -> None:
    """Make sure that writing a file destroys nothing, neither now nor when it is written.

    Args:
        path: the file; it may be missing or empty.
        names: keys or columns that such a file has; none if it carries a mark.

    Raises:
        UserError: another file would be lost.
    """
    _check(path, names)
    LAST_CHECKS[path.absolute()] = lambda: _check(path, names)


def _check(path: Path, names: Collection[str]) -> None:
    if path.is_dir():
        raise UserError(f"{path} is a folder: give a file")
    check_not_within(path)
    if os.path.lexists(path) and (why := _why_not(path, names)):
        raise UserError(
            f"{path} is not a file that this command wrote: give another name, or move it away ({why})"
        )


def check_outside(kept: Path, read: Iterable[Path]) -> None:
    """Make sure that what a command keeps is outside the folders that it reads.

    Raises:
        UserError: it does.
    """
    for folder in read:
        if folder.is_dir() and kept.resolve().is_relative_to(folder.resolve()):
            raise UserError(f"{kept} lies in {folder}, which is only read: give a place outside")


def _why_not(path: Path, names: Collection[str]) -> str:
    """Why a file may not be replaced; empty if it may."""
    if path.is_symlink() and not path.exists():
        return ""  # a link to nothing
    if not path.is_file():
        return "it is a device or a pipe"
    if not path.stat().st_size:
        return ""
    if not names:
        return "" if _is_marked(path) else "it lacks this program's mark, which early versions did not write"
    found = _names_in(path)
    if missing := [name for name in names if name not in found]:
        lacks = f"it lacks {', '.join(missing)}: a former version wrote it, or another program"
        return lacks if found else "it was edited, is damaged, or another program wrote it"
    return ""


def _names_in(path: Path) -> set[str]:
    """The keys of a JSON object or a YAML mapping, or the columns of a CSV file."""
    try:
        text = read_text(path)
        if path.suffix in (".yaml", ".yml"):
            found = values_in(text, str(path))
            return set(found) if isinstance(found, dict) else set()
        if text.startswith("{"):
            found = json_in(text, finite=False)
            return set(found) if text in _spellings(found) else set()
        rows = list(csv.reader(text.splitlines()))
        return set(rows[0]) if len({len(row) for row in rows}) == 1 else set()
    except (ValueError, csv.Error):
        return set()


def _spellings(values: Any) -> list[str]:
    """The ways in which this program writes JSON; an editor, or another program, writes it otherwise."""
    return [
        json.dumps(values, indent=indent, ensure_ascii=ascii_alone) + "\n"
        for indent in (1, None)
        for ascii_alone in (True, False)
    ]


def _is_marked(path: Path) -> bool:
    with path.open("rb") as file:
        ends = file.read(LOOKED_AT)
        file.seek(max(0, path.stat().st_size - LOOKED_AT))
        ends += file.read()
    return FORMS.match(ends) is not None
