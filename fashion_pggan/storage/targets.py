"""Folders that a stage replaces as a whole: nothing may be in them but what this program wrote."""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NoReturn

from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import replace_directory, write_text

MARK = ".fashion-pggan.json"  # in a folder of a marked kind: the kind, and the names that were written
LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})  # what systems leave where one looked

Allows = Callable[[str, bool], bool]  # (path below the folder, whether it is a folder)


@dataclass(frozen=True)
class Kind:
    """What a stage writes into a folder of its own."""

    name: str  # with its article, for errors
    layout: tuple[str, ...]  # the files' paths; between slashes are regular expressions
    needs: tuple[str, ...]  # files without which a folder that has no mark is something else
    marked: bool = False  # whether a mark is written


def check_target(target: Path, kind: Kind, apart: Iterable[Path]) -> None:
    """Make sure that replacing a folder as a whole destroys nothing but what this program wrote.

    A folder with a mark may hold what the mark lists. One without may hold the kind's layout alone.

    Args:
        target: the folder; it may be missing or empty.
        kind: what will be written there, and may be replaced.
        apart: folders that must lie neither above nor below it.

    Raises:
        UserError: something else would be lost.
    """
    if target.exists() and not target.is_dir():
        raise UserError(f"{target} is a file: give a folder")
    here = target.resolve()
    if Path.cwd().is_relative_to(here):
        raise UserError(f"{target} holds the folder you are in: give another folder")
    for other in (path.resolve() for path in apart):
        if here.is_relative_to(other) or other.is_relative_to(here):
            raise UserError(f"{target} and {other} overlap: give folders beside each other")
    _check_contents(target, kind)


@contextmanager
def replace_target(target: Path, kind: Kind) -> Iterator[Path]:
    """Build a folder beside `target` and put it in its place, as `replace_directory` does, with its mark.

    Raises:
        UserError: something else has come into `target` meanwhile.
    """
    with replace_directory(target) as building:
        yield building
        if kind.marked:
            names = sorted(name for name, folder in _below(building) if not folder)
            write_text(building / MARK, json.dumps({"kind": kind.name, "names": names}, indent=1) + "\n")
        _check_contents(target, kind)


def _check_contents(target: Path, kind: Kind) -> None:
    """Whether all that is in a folder may be deleted; links are not followed."""
    if not target.is_dir():
        return
    listed = _listed_in(target / MARK, kind)
    allows = _of_layout(kind.layout) if listed is None else _of_names([*listed, MARK])
    empty = True
    for name, folder in _below(target):
        if not folder and PurePosixPath(name).name in LITTER:
            continue
        empty = empty and folder
        if not allows(name, folder):
            _refuse(f"{target} holds {name}, which is not part of {kind.name}")
    for name in kind.needs:
        if listed is None and not empty and not (target / name).is_file():
            _refuse(f"{target} holds no {name}, so it is not {kind.name} as a whole")


def _refuse(what: str) -> NoReturn:
    raise UserError(f"{what}: move it away, or give another folder")


def _listed_in(mark: Path, kind: Kind) -> list[str] | None:
    """The names in a mark; None when there is none, or it is of another kind."""
    try:
        said = json.loads(mark.read_bytes()) if kind.marked and mark.is_file() else None
    except ValueError:
        return None
    if not isinstance(said, dict) or said.get("kind") != kind.name:
        return None
    names = said.get("names")
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else None


def _of_names(names: Iterable[str]) -> Allows:
    files = frozenset(names)
    folders = frozenset(str(above) for name in files for above in PurePosixPath(name).parents)
    return lambda name, folder: name in (folders if folder else files)


def _of_layout(layout: Iterable[str]) -> Allows:
    patterns = [pattern.split("/") for pattern in layout]

    def allows(name: str, folder: bool) -> bool:
        parts = name.split("/")
        return any(
            (len(parts) < len(pattern) if folder else len(parts) == len(pattern))
            and all(map(re.fullmatch, pattern, parts))
            for pattern in patterns
        )

    return allows


def _below(target: Path) -> Iterator[tuple[str, bool]]:
    """Every path below a folder, with whether it is a folder; a link is none.

    Raises:
        OSError: a folder cannot be read.
    """
    with os.scandir(target) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        folder = entry.is_dir(follow_symlinks=False)
        yield entry.name, folder
        if folder:
            yield from ((f"{entry.name}/{name}", inner) for name, inner in _below(Path(entry)))
