"""Atomic writes and hashes of files."""

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import IO

from fashion_pggan.errors import NOT_WRITABLE, UserError, bytes_in_words, one_line
from fashion_pggan.storage.bounded.plain_file import open_plain

HALF_WRITTEN = re.compile(r"(?P<folder>(?:.*/)?)\.(?P<name>[^/]+)\.[0-9a-f]{8}\.pggan")  # see `atomic_write`
CHANGED = "it is not what was written, by its SHA-256"

LAST_CHECKS: dict[Path, Callable[[], None]] = {}  # raises if a file that a person named may not be replaced


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary neighbour of `path` for writing, and rename it to `path` once all of it is on disk.

    Args:
        path: the file to make or replace; its folder is made when missing.

    Yields:
        A binary file. When the block raises, the neighbour is removed and `path` stays as it was.
    """
    if path.is_dir():
        raise UserError(f"{path} is a folder: give a file")
    make_folder(path.parent)
    check = LAST_CHECKS.get(path.absolute())
    try:
        with naming(path):
            new = _neighbour_of(path)
    except FileNotFoundError as error:  # of folders that hold no files, such as /proc
        raise UserError(f"cannot write {path} ({error.strerror}): give another place") from error
    temporary = Path(new.name)
    try:
        with naming(path), new as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if check:
            check()
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Meanwhile a disk's error that names no file, or a temporary neighbour, names `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in NOT_WRITABLE and (error.filename is None or half_written(str(error.filename))):
            error.filename = str(path)
        raise


def _neighbour_of(path: Path) -> IO[bytes]:
    """A new temporary neighbour; its lock says that somebody still writes it."""
    while True:
        new = path.with_name(f".{path.name}.{secrets.token_hex(4)}.pggan").open("x+b")
        with suppress(OSError):  # a file system without locks
            fcntl.flock(new, fcntl.LOCK_EX)
        if os.fstat(new.fileno()).st_nlink:
            return new
        new.close()  # `remove_left_over` came before the lock


def remove_left_over(folder: Path, name: str = "") -> None:
    """Delete the temporary neighbours in a folder that killed processes left; the folder may be missing.

    Args:
        folder: where they are.
        name: of the file that they were to become; empty: of any.
    """
    with suppress(OSError):
        for left in os.listdir(folder):  # noqa: PTH208  # of many names, few become paths
            whole = half_written(left)
            if whole and (whole == name or not name):
                _remove_if_left(folder / left)


def _remove_if_left(path: Path) -> None:
    with suppress(OSError):  # its writer lives, or has just finished
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
        finally:
            os.close(handle)


def half_written(name: str) -> str:
    """The file that a killed process was writing, by its temporary name; empty for any other name."""
    found = HALF_WRITTEN.fullmatch(name)
    return f"{found['folder']}{found['name']}" if found else ""


def make_folder(folder: Path) -> None:
    """Make a folder and its missing parents.

    Raises:
        UserError: a file has its name, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, FileNotFoundError, NotADirectoryError) as error:
        raise UserError(f"cannot make the folder {folder} ({error.strerror}): give another place") from error


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` in one step."""
    try:
        with atomic_write(path) as file:
            file.write(data)
    except OSError as error:
        error.add_note(f"{bytes_in_words(len(data))} to write")
        raise


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` in UTF-8 in one step."""
    write_bytes(path, text.encode())


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the disk has no such links.

    Raises:
        OSError: there is no such file, or it cannot be copied.
    """
    try:
        target.hardlink_to(source)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or no hard links
        shutil.copy2(source, target)


def hold_once(source: Path, target: Path, sha256: str = "") -> int:
    """Replace a file by a hard link to an equal one, where programs only ever replace both as a whole.

    Where DVC links an output to its cache, the output is read-only: it stays alone, so that no edit
    reaches the cache through a further name. Symbolic links and files on two disks stay, too.

    Args:
        source: stays as it is.
        target: becomes the link.
        sha256: that both must have; empty: both must have the same.

    Returns:
        Bytes that are free now.
    """
    if not _may_be_one(source, target):
        return 0
    found = sha256_of(target)
    if sha256_of(source) != found or (sha256 or found) != found:
        return 0
    own = target.stat()
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.pggan")
    try:
        temporary.hardlink_to(source)
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)  # there are no hard links, or too many of this file
        return 0
    return own.st_size if own.st_nlink == 1 else 0


def _may_be_one(source: Path, target: Path) -> bool:
    """Whether two plain files on one disk, of one size and not read-only, are still two."""
    try:
        theirs, ours = source.lstat(), target.lstat()
    except FileNotFoundError:
        return False
    plain = stat.S_ISREG(theirs.st_mode) and stat.S_ISREG(ours.st_mode)
    alike = (theirs.st_dev, theirs.st_size) == (ours.st_dev, ours.st_size)
    return plain and alike and theirs.st_ino != ours.st_ino and bool(theirs.st_mode & stat.S_IWUSR)


def check_room(folder: Path, needed: int, what: str, advice: str = "give another place") -> None:
    """Refuse what a disk has no room for.

    Args:
        folder: on that disk; it may be missing.
        needed: bytes.
        what: needs them, with its verb, for the error: `exporting … needs`.
        advice: what else to do but free some space.

    Raises:
        UserError: less is free.
    """
    free = free_at(folder)
    if free < needed:
        raise UserError(
            f"{what} {bytes_in_words(needed)} in {folder}, but {bytes_in_words(free)} are free: free "
            f"some space, or {advice}"
        )


def free_at(folder: Path) -> int:
    """Bytes that are free on the disk of a folder, which may be missing."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free


def append(handle: int, line: bytes) -> None:
    """Append a line to a file that was opened for appending: all of the line, or nothing.

    Raises:
        OSError: the disk is full or refuses.
    """
    before = os.fstat(handle).st_size
    try:
        written = os.write(handle, line)
        if written < len(line):  # a disk that fills up takes a part first
            os.write(handle, line[written:])
    except OSError:
        os.ftruncate(handle, before)
        raise


def sha256_of(path: Path) -> str:
    """SHA-256 of the bytes of a file, which may be on shared storage, in hexadecimal.

    Raises:
        UserError: it is a device, a pipe or a folder.
        OSError: it is missing or cannot be read.
    """
    with open_plain(path) if isinstance(path, PurePath) else path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_fault(path: Path, sha256: str) -> str:
    """What is wrong with a file whose SHA-256 is known; empty if nothing is."""
    try:
        return "" if sha256_of(path) == sha256 else CHANGED
    except (OSError, UserError) as error:
        return one_line(error)


def check_there(folder: Path, give: str) -> None:
    """Make sure that a folder to read is there.

    Raises:
        UserError: it is not; `give` says what to give.
    """
    if not folder.exists():
        raise UserError(f"no folder at {folder}: give {give}")
