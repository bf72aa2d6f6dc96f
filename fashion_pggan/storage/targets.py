"""Replaces a stage's folder in one step, after checking that this program wrote all that is in it."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NoReturn

from fashion_pggan.errors import UserError
from fashion_pggan.storage.building import beside, replacing
from fashion_pggan.storage.files import half_written, write_text
from fashion_pggan.storage.hashes import hash_memory, state_of
from fashion_pggan.storage.proof.folder_mark import MARK, Written, check_not_within, read_mark, text_of_mark

LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})  # files that file managers leave

States = dict[str, str]  # of files that were found unchanged


@dataclass(frozen=True)
class Kind:
    """What a stage writes into a folder of its own."""

    name: str  # with its article, for errors
    # reads what was written, or says why that cannot be told and what to do; None: reads the mark
    written: Callable[[Path], Written | str] | None = None
    taken_over: frozenset[str] = frozenset()  # files that a person may edit: the stage keeps what they wrote


def check_target(target: Path, kind: Kind, apart: Iterable[Path]) -> None:
    """Make sure that replacing a folder destroys nothing but what this program wrote.

    Args:
        target: the folder; it may be missing or empty.
        kind: what will be written there, and may be replaced.
        apart: folders that must be neither above nor below it.

    Raises:
        UserError: something else would be lost.
    """
    _checked(target, kind, apart)


def _checked(target: Path, kind: Kind, apart: Iterable[Path]) -> States:
    if target.exists() and not target.is_dir():
        raise UserError(f"{target} is a file: give a folder")
    check_not_within(target)
    here = target.resolve()
    if Path.cwd().is_relative_to(here):
        raise UserError(f"{target} holds the folder you are in: give another folder")
    for other in (path.resolve() for path in apart):
        if here.is_relative_to(other) or other.is_relative_to(here):
            raise UserError(f"{target} and {other} overlap: give folders beside each other")
    return _check_contents(target, kind, target, {})


@dataclass(frozen=True)
class HeldTarget:
    """A target that this process alone replaces."""

    folder: Path
    kind: Kind
    building: Path  # the hidden folder beside it
    seen: States = field(default_factory=dict)  # files that need no second check while they stay

    @contextmanager
    def replaced(self) -> Iterator[Path]:
        """Build the folder with its mark, and replace what is there.

        Yields:
            The empty folder to fill. When the block raises, the target stays as it was.

        Raises:
            UserError: something else was put into the target meanwhile.
        """

        def check(old: Path, called: Path) -> None:
            _check_contents(old, self.kind, called, self.seen)

        with replacing(self.folder, self.building, check) as new:
            yield new
            if self.kind.written is None:
                write_mark(new, self.kind)


@contextmanager
def hold_target(target: Path, kind: Kind, apart: Iterable[Path] = ()) -> Iterator[HeldTarget]:
    """Check a target (`check_target`) and lock it for this process, within a `with` block.

    Raises:
        UserError: something else would be lost, or another process is replacing it.
    """

    def check(old: Path, called: Path) -> None:
        _check_contents(old, kind, called, {})

    seen = _checked(target, kind, apart)
    with beside(target, check) as building:
        seen = _check_contents(target, kind, target, seen)  # by now another process may have made it
        yield HeldTarget(target, kind, building, seen)


@contextmanager
def replace_target(target: Path, kind: Kind, apart: Iterable[Path] = ()) -> Iterator[Path]:
    """Lock a target and replace it."""
    with hold_target(target, kind, apart) as held, held.replaced() as new:
        yield new


def write_mark(folder: Path, kind: Kind) -> None:
    """Mark all that is in a folder as written by this program."""
    names = [name for name in _files_in(folder) if name != MARK]
    write_text(folder / MARK, text_of_mark(kind.name, folder, names))


def holds_only(folder: Path, layout: Iterable[str]) -> bool:
    """Whether a path is a folder, not a link, and holds only what a layout names.

    Args:
        folder: the path.
        layout: paths of files; each part between slashes is a regular expression.
    """
    patterns = [pattern.split("/") for pattern in layout]

    def allows(name: str, folder: bool) -> bool:
        parts = name.split("/")
        return any(
            (len(parts) < len(pattern) if folder else len(parts) == len(pattern))
            and all(map(re.fullmatch, pattern, parts))
            for pattern in patterns
        )

    is_folder = folder.is_dir() and not folder.is_symlink()
    return is_folder and all(allows(name, inner) for name, inner in _below(folder))


def _check_contents(target: Path, kind: Kind, called: Path, seen: Mapping[str, str]) -> States:
    """Make sure that all that is in a folder may be deleted; links are not followed.

    Args:
        target: the folder; it may be missing.
        kind: of what may be deleted.
        called: its name in errors.
        seen: what an earlier call returned: unchanged files are not read again.

    Returns:
        The files' states.
    """
    states = States()
    files = [name for name in _files_in(target) if PurePosixPath(name).name not in LITTER]
    if not files:
        return states
    written = (kind.written or read_mark(kind.name))(target)
    if isinstance(written, str):
        raise UserError(f"{called} may hold files of yours: {written}")
    with hash_memory() as memory:
        for name in files:
            if half_written(name) in written.names:
                continue
            if name not in written.names:
                _refuse(f"{called} holds {name}, which is not part of {kind.name}")
            if name not in kind.taken_over and (target / name).exists():  # no link to nothing
                found = (target / name).stat()
                linked = f"linked {found.st_ino} {found.st_mtime_ns} {found.st_size}"
                # the bytes of a link stay under the other name, as those of a crawl's store
                states[name] = linked if found.st_nlink > 1 or seen.get(name) == linked else state_of(found)
                if states[name] in (linked, seen.get(name)):
                    continue
                if not written.fits(target / name, name, memory):
                    _refuse(f"{called / name} has changed since it was written")
    return states


def _refuse(what: str) -> NoReturn:
    raise UserError(f"{what}: move it away, or give another folder")


def _files_in(folder: Path) -> list[str]:
    """The paths of files and links below a folder, which may be missing.

    Raises:
        OSError: a folder cannot be read.
    """
    return sorted(name for name, is_folder in _below(folder) if not is_folder) if folder.is_dir() else []


def _below(target: Path) -> Iterator[tuple[str, bool]]:
    """Every path below a folder, with whether it is a folder and not a link.

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
