"""Locks on folders, held by one process at a time; the system releases a lock when its process ends."""

import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import make_folder

LOCK = ".lock"  # the file in a folder; it says which process holds it
WAIT_S = 10.0  # seconds for which one process waits for another
LOOK_S = 0.2  # seconds between two tries
# an earlier version left out the name; a power cut leaves nothing, or zeros
WRITTEN = re.compile(rb"(?:fashion-pggan )?(\d{0,10})\n?\x00{0,32}")
LONGEST = 64  # bytes
NOT_A_FILE = {errno.ELOOP, errno.EISDIR, errno.ENXIO}  # of `open`: a link, a folder, a socket


@contextmanager
def exclusive(folder: Path, *, called: Path | None = None, wait_s: float | None = None) -> Iterator[None]:
    """Lock `folder` for this process alone.

    Args:
        folder: made when missing.
        called: the folder's name in the error, if not `folder`.
        wait_s: seconds to wait for another process; `WAIT_S` by default.

    Raises:
        UserError: another process still holds it after `wait_s`, or its lock file is not a lock.
    """
    until = time.monotonic() + (WAIT_S if wait_s is None else wait_s)
    while (handle := _taken(folder)) is None:
        if time.monotonic() > until:
            owner = holder_of(folder) or "unknown"
            raise UserError(
                f"{called or folder} is in use by process {owner}: wait for it to end, or stop it"
            )
        time.sleep(LOOK_S)
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"fashion-pggan {os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def holder_of(folder: Path) -> int | None:
    """The number of the process that holds `folder` now, 0 if it is not known; None if no process does."""
    try:
        handle = os.open(folder / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return None if _locked(handle, fcntl.LOCK_SH) else int(_said(handle) or 0)
    finally:
        os.close(handle)


def is_lock(path: Path) -> bool:
    """Whether a file is a lock that this program wrote."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        return _said(handle) is not None
    finally:
        os.close(handle)


def _taken(folder: Path) -> int | None:
    """An open handle that holds the folder's lock; None while another process holds it."""
    make_folder(folder)
    path = folder / LOCK
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    except FileNotFoundError:  # its holder has just removed the folder
        return None
    except OSError as error:
        if error.errno not in NOT_A_FILE:
            raise
        raise _not_ours(path) from error
    try:
        if _said(handle) is None:
            raise _not_ours(path)
        if _locked(handle, fcntl.LOCK_EX) and _is_at(handle, path):
            handle, taken = -1, handle
            return taken
        return None
    finally:
        if handle >= 0:
            os.close(handle)


def _not_ours(path: Path) -> UserError:
    return UserError(f"{path} is not a lock of this program: move it away, or give another folder")


def _said(handle: int) -> bytes | None:
    """The process that a lock file names, empty before it names one; None if it is not a lock file."""
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        return None
    match = WRITTEN.fullmatch(os.pread(handle, LONGEST, 0))
    return match[1] if match else None


def _locked(handle: int, kind: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
        return True
    return False


def _is_at(handle: int, path: Path) -> bool:
    """Whether the file is still the one at `path`: its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False
