"""Replaces a folder in one step: one process at a time builds the new one in a hidden folder beside it.

For `models` the hidden folder is `.models.building`. It holds a lock, `new` during the build, and `old` while
`new` takes its place. A killed process leaves the hidden folder, and the next process clears it.
The same holds for a folder of temporary files.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import make_folder
from fashion_pggan.storage.locks import LOCK, exclusive, holder_of, is_lock

NEW, OLD = "new", "old"
BUILDING = re.compile(r"\..+\.building")
PREFIX = "fashion-pggan-"  # of folders of temporary files

Check = Callable[[Path, Path], None]  # takes a folder that will be deleted, and its name in errors


@contextmanager
def beside(target: Path, check: Check) -> Iterator[Path]:
    """Lock a target for this process alone, within a `with` block.

    Args:
        target: the folder that will be made; links are followed.
        check: raises when an old target, which a killed process left, may not be deleted.

    Yields:
        The hidden folder beside it, which holds only the lock.

    Raises:
        UserError: another process holds it, or something else has the hidden folder's name.
    """
    target = target.resolve()
    make_folder(target.parent)
    folder = target.with_name(f".{target.name}.building")
    _check_name(folder)
    with exclusive(folder, called=target):
        _check_name(folder)
        try:
            _clear(folder, target, check)
            yield folder
        finally:
            _clear(folder, target, check)
            (folder / LOCK).unlink()
            with suppress(OSError):  # another process came in between
                folder.rmdir()


@contextmanager
def replacing(target: Path, folder: Path, check: Check) -> Iterator[Path]:
    """Build a folder that replaces `target` when the block ends without an error.

    Args:
        target: the folder to make or to replace.
        folder: what `beside` gave.
        check: called with the old folder before it is deleted; if it raises, the old folder stays.

    Yields:
        The empty folder to fill. When the block raises, `target` stays as it was.
    """
    place = target.resolve()
    new, old = folder / NEW, folder / OLD
    try:
        new.mkdir()
        yield new
        if place.exists():
            place.rename(old)
            check(old, target)
        new.rename(place)
    finally:
        _clear(folder, place, check)


def building_above(path: Path) -> Path | None:
    """The hidden folder of a build at or above a path, as `beside` names it; None if there is none."""
    place, here = path.resolve(), Path.cwd()
    above = (each for each in (place, *place.parents) if BUILDING.fullmatch(each.name))
    return next((each for each in above if not here.is_relative_to(each)), None)


def _check_name(folder: Path) -> None:
    """Whether a hidden folder is missing, or one that `beside` made."""
    if not os.path.lexists(folder):
        return
    if not folder.is_dir() or folder.is_symlink():
        raise _not_ours(folder)
    names = {path.name for path in folder.iterdir()}
    if not names <= {LOCK, NEW, OLD} or (names and not is_lock(folder / LOCK)):
        raise _not_ours(folder)


def _not_ours(folder: Path) -> UserError:
    return UserError(f"{folder} is something that this program did not make: move it away")


def _clear(folder: Path, target: Path, check: Check) -> None:
    """Remove a half-built folder; put the old target back, or check it again and delete it."""
    old = folder / OLD
    shutil.rmtree(folder / NEW, ignore_errors=True)
    if old.is_dir() and not os.path.lexists(target):
        old.rename(target)
    elif old.is_dir():
        check(old, old)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder among the system's temporary files, for this user alone; it goes at the end of the block.

    Folders that this user's killed processes left there go first.
    """
    parent = Path(tempfile.gettempdir())
    for left_over in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another process was faster
            if left_over.lstat().st_uid == os.getuid() and _is_left(left_over):
                shutil.rmtree(left_over)
    with tempfile.TemporaryDirectory(dir=parent, prefix=PREFIX) as name, exclusive(Path(name)):
        yield Path(name)


def _is_left(folder: Path) -> bool:
    return not folder.is_symlink() and is_lock(folder / LOCK) and holder_of(folder) is None
