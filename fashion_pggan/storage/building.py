"""Folders that are made anew as a whole: built in a hidden folder beside, by one process at a time.

For `models` that is `.models.building`. It holds a lock, `new` while it is built, and `old` for the moment in
which `new` takes its place. A killed process leaves it, and the next one clears it.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import make_folder
from fashion_pggan.storage.locks import LOCK, exclusive, is_lock

NEW, OLD = "new", "old"


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """Hold a target for this process alone, from entering to leaving.

    Args:
        target: the folder that will be made; links are followed.

    Yields:
        The hidden folder beside it, empty but for its lock.

    Raises:
        UserError: another process holds it, or something else has the hidden folder's name.
    """
    target = target.resolve()
    make_folder(target.parent)
    folder = target.with_name(f".{target.name}.building")
    _check(folder)
    with exclusive(folder, called=target):
        _check(folder)
        try:
            _clear(folder, target)
            yield folder
        finally:
            _clear(folder, target)
            (folder / LOCK).unlink()
            with suppress(OSError):  # another process came in between
                folder.rmdir()


@contextmanager
def replacing(target: Path, folder: Path, check: Callable[[Path], None]) -> Iterator[Path]:
    """Build a folder that takes the place of `target` once the block ends well.

    Args:
        target: the folder to make or replace, as a whole.
        folder: what `beside` gave.
        check: called with the old folder, which is deleted afterwards; what it raises keeps the old one.

    Yields:
        The empty folder to fill. When the block raises, `target` stays as it was.
    """
    target = target.resolve()
    new, old = folder / NEW, folder / OLD
    try:
        new.mkdir()
        yield new
        if target.exists():
            target.rename(old)
            check(old)
        new.rename(target)
    finally:
        _clear(folder, target)


def _check(folder: Path) -> None:
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


def _clear(folder: Path, target: Path) -> None:
    """Remove what was half built; put the old target back, when nothing has taken its place."""
    if (folder / OLD).is_dir() and not os.path.lexists(target):
        (folder / OLD).rename(target)
    for name in (NEW, OLD):
        shutil.rmtree(folder / name, ignore_errors=True)
