"""A person's decisions about single images, which go before the rules: a file under version control."""

import csv
import io
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.escaped import csv_of
from fashion_pggan.storage.files import write_text

NEEDED = ("sha256", "decision")
COLUMNS = (*NEEDED, "reason", "who", "when")
KEEP, DROP = "keep", "drop"
SHA256 = re.compile(r"[0-9a-f]{64}")


class Override(NamedTuple):
    """What a person decided about an image."""

    decision: str  # keep or drop
    reason: str = ""  # in their words
    who: str = ""
    when: str = ""


def read_overrides(path: Path) -> dict[str, Override]:
    """The decisions by SHA-256; none where there is no file.

    Raises:
        UserError: the file is not such a list; the text names the line.
    """
    if not os.path.lexists(path):
        return {}
    text = read_text(path)
    if not text.strip():
        return {}
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: dict[str, Override] = {}
    try:
        header = [name.strip() for name in next(rows)]
        _check_header(path, header)
        for row in rows:
            if row:
                _add(found, f"{path}, line {rows.line_num}", header, row)
    except csv.Error as error:
        raise UserError(f"{path}, line {rows.line_num}: {error}: correct it") from error
    return found


def write_overrides(path: Path, overrides: Mapping[str, Override]) -> None:
    """Write the decisions, sorted by SHA-256, so that a change is one line of a diff."""
    write_text(path, csv_of(COLUMNS, [(sha256, *overrides[sha256]) for sha256 in sorted(overrides)]))


def _check_header(path: Path, header: list[str]) -> None:
    foreign = sorted({*header} - {*COLUMNS})
    if foreign or not {*NEEDED} <= {*header} or len({*header}) != len(header):
        raise UserError(f"{path}: its first line names {', '.join(header)}: write {','.join(COLUMNS)}")


def _add(found: dict[str, Override], where: str, header: list[str], row: list[str]) -> None:
    if len(row) != len(header):
        raise UserError(f"{where} has {len(row)} values, not {len(header)}: correct it")
    values = {name: value.strip() for name, value in zip(header, row, strict=True)}
    sha256, decision = values.pop("sha256"), values["decision"]
    if not SHA256.fullmatch(sha256):
        raise UserError(f"{where}: {sha256[:80]!r} is not a SHA-256: copy one from manifest.parquet")
    if decision not in (KEEP, DROP):
        raise UserError(f"{where}: {decision[:80]!r} is not a decision: give keep or drop")
    if found.get(sha256, Override(decision)).decision != decision:
        raise UserError(f"{where} says {decision}, an earlier line the opposite: remove one of them")
    found[sha256] = Override(**values)
