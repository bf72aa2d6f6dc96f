"""Folders that a stage replaces as a whole: nothing may be in them but what this program wrote."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.json_text import json_in
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.building import beside, replacing
from fashion_pggan.storage.files import sha256_of, write_text
from fashion_pggan.storage.hashes import hashed_json, values_of

# in a folder of a marked kind: the kind, the names that were written, the SHA-256 of texts that people edit
MARK = ".fashion-pggan.json"
FOR_PEOPLE = ".md"
CARRY_THEIR_OWN = (".npy", ".parquet", ".safetensors")  # hash: in the dataset's index, or in the file
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


@dataclass(frozen=True)
class HeldTarget:
    """A target that this process alone makes anew."""

    folder: Path
    kind: Kind
    building: Path  # the hidden folder beside it

    @contextmanager
    def replaced(self) -> Iterator[Path]:
        """Build the folder, with its mark, and put it in the place of what is there.

        Yields:
            The empty folder to fill. When the block raises, the target stays as it was.

        Raises:
            UserError: something else has come into the target meanwhile.
        """

        def check(old: Path) -> None:
            _check_contents(old, self.kind, called=self.folder)

        with replacing(self.folder, self.building, check) as new:
            yield new
            if self.kind.marked:
                write_text(new / MARK, _mark_of(new, self.kind))


@contextmanager
def hold_target(target: Path, kind: Kind, apart: Iterable[Path] = ()) -> Iterator[HeldTarget]:
    """Check a target (`check_target`) and hold it for this process, from entering to leaving.

    Raises:
        UserError: something else would be lost, or another process makes it now.
    """
    check_target(target, kind, apart)
    with beside(target) as building:
        _check_contents(target, kind)  # by now another process may have made it
        yield HeldTarget(target, kind, building)


@contextmanager
def replace_target(target: Path, kind: Kind, apart: Iterable[Path] = ()) -> Iterator[Path]:
    """Hold a target and replace it, at once."""
    with hold_target(target, kind, apart) as held, held.replaced() as new:
        yield new


def holds_only(folder: Path, layout: Iterable[str]) -> bool:
    """Whether a path is a folder, no link, and holds nothing but files of a layout (`Kind.layout`)."""
    allows = _of_layout(layout)
    is_folder = folder.is_dir() and not folder.is_symlink()
    return is_folder and all(allows(name, inner) for name, inner in _below(folder))


def _mark_of(folder: Path, kind: Kind) -> str:
    names = sorted(name for name, inner in _below(folder) if not inner)
    hashes = {name: sha256_of(folder / name) for name in names if not name.endswith(CARRY_THEIR_OWN)}
    texts = {name: sha256 for name, sha256 in hashes.items() if name.endswith(FOR_PEOPLE)}
    return hashed_json({"kind": kind.name, "names": names, "texts": texts, "files": hashes})


def hashes_in(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file in a folder with a mark, but for those that carry their own.

    Raises:
        OSError: there is no mark.
        ValueError: it is not what was written.
    """
    said = values_of(read_text(folder / MARK), always=False)
    return dict(said.get("files", {}))  # former marks have none


def _check_contents(target: Path, kind: Kind, called: Path | None = None) -> None:
    """Whether all that is in a folder may be deleted; links are not followed."""
    if not target.is_dir():
        return
    called, mark = called or target, _mark_in(target, kind)
    allows = _of_names([*mark["names"], MARK]) if mark else _of_layout(kind.layout)
    empty = True
    for name, folder in _below(target):
        if not folder and PurePosixPath(name).name in LITTER:
            continue
        empty = empty and folder
        if not allows(name, folder):
            _refuse(f"{called} holds {name}, which is not part of {kind.name}")
    for name in () if mark or empty else kind.needs:
        if not (target / name).is_file():
            _refuse(f"{called} holds no {name}, so it is not {kind.name} as a whole")
    for name, sha256 in mark.get("texts", {}).items() if mark else ():
        if (target / name).is_file() and sha256_of(target / name) != sha256:
            _refuse(f"{called / name} has changed since it was written")


def _refuse(what: str) -> NoReturn:
    raise UserError(f"{what}: move it away, or give another folder")


def _mark_in(target: Path, kind: Kind) -> dict[str, Any] | None:
    """A folder's mark; None when there is none, or it is of another kind."""
    try:
        said = json_in(read_text(target / MARK)) if kind.marked else None
    except (OSError, ValueError):
        return None
    if not isinstance(said, dict) or said.get("kind") != kind.name:
        return None
    names, texts = said.get("names"), said.get("texts", {})
    good = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return said if good and isinstance(texts, dict) and set(texts) <= set(names or ()) else None


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
