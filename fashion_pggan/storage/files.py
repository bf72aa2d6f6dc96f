"""Files that are whole or absent: atomic writes, whole folders at once, hashes, locks."""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import IO

from fashion_pggan.errors import UserError


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary neighbour of `path` for writing; it takes the name once it is whole and on disk.

    Args:
        path: the file to make or replace; its folder is made when missing.

    Yields:
        A binary file. When the block raises, the neighbour is removed and `path` stays as it was.
    """
    handle, name = _temporary(path)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _temporary(path: Path) -> tuple[int, str]:
    make_folder(path.parent)
    try:
        return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except FileNotFoundError as error:  # of folders that hold no files, such as /proc
        raise UserError(f"cannot write {path} ({error.strerror}): give another place") from error


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are missing.

    Raises:
        UserError: a file has its name, or nothing can be made there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, FileNotFoundError, NotADirectoryError) as error:
        raise UserError(f"cannot make the folder {folder} ({error.strerror}): give another place") from error


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` in one step."""
    with atomic_write(path) as file:
        file.write(data)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` in UTF-8 in one step."""
    write_bytes(path, text.encode())


@contextmanager
def replace_directory(target: Path) -> Iterator[Path]:
    """Build a folder beside `target`; it takes the place of `target` once the block ends well.

    Args:
        target: the folder to make or replace, as a whole.

    Yields:
        The empty folder to fill. When the block raises it is removed and `target` stays as it was.
    """
    target = target.resolve()  # behind a link, on whichever disk that is
    make_folder(target.parent)
    for left_over in target.parent.glob(f".{escape(target.name)}.building-*"):  # of a run that was killed
        shutil.rmtree(left_over, ignore_errors=True)
    building = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.building-"))
    try:
        yield building
        building.chmod(0o755)
        if target.exists():
            old = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.building-"))
            target.rename(old / "old")
            building.rename(target)
            shutil.rmtree(old)
        else:
            building.rename(target)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def append(handle: int, line: bytes) -> None:
    """Write a line at the end of a file that was opened for appending: the whole of it, or nothing.

    Raises:
        OSError: the disk is full or refuses.
    """
    before = os.fstat(handle).st_size
    try:
        written = os.write(handle, line)
        if written < len(line):  # a disk that fills up writes a part first
            os.write(handle, line[written:])
    except OSError:
        os.ftruncate(handle, before)
        raise


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def exclusive(folder: Path, *, wait_s: float = 10.0) -> Iterator[None]:
    """Hold `folder` for this process alone; the lock ends with the process, however it ends.

    Raises:
        UserError: another process still holds it after `wait_s` seconds.
    """
    make_folder(folder)
    with (folder / ".lock").open("a+") as file:
        until = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    file.seek(0)
                    owner = file.read().strip() or "unknown"
                    raise UserError(
                        f"{folder} is in use by process {owner}: wait for it to end, or stop it"
                    ) from None
                time.sleep(0.2)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def holder_of(folder: Path) -> int | None:
    """The process that holds `folder` by `exclusive` now, 0 if its number is not known; None if none does."""
    try:
        with (folder / ".lock").open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                number = file.read().strip()
                return int(number) if number.isdigit() else 0
    except FileNotFoundError:
        pass
    return None
