"""Reads plain files up to a limit, and refuses devices and pipes, which have no end."""

import os
import stat
from collections.abc import Iterator
from io import BufferedReader, TextIOWrapper
from pathlib import Path

from fashion_pggan.errors import UserError, bytes_in_words

MOST_TEXT = 64 << 20  # bytes of a text that is read at once
LONGEST_ROW = 1 << 20  # characters of a line of a table
LONGEST_LINE = 16 << 20  # bytes: far more than any answer of a search


def open_plain(path: Path, most: int | None = None) -> BufferedReader:
    """Open a plain file, or a link to one.

    Args:
        path: the file.
        most: bytes that it may hold; None: no limit, for what is read in parts.

    Raises:
        UserError: it is a device, a pipe or a folder, or holds more.
        OSError: it is missing or cannot be read.
    """
    _check_plain(path, os.stat(path).st_mode)  # noqa: PTH116  # a device may act on being opened
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        facts = os.fstat(handle)
        _check_plain(path, facts.st_mode)  # it may have changed meanwhile
        if most is not None and facts.st_size > most:
            raise _too_large(path, most)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_bytes(path: Path, most: int) -> bytes:
    """All bytes of a plain file; raises what `open_plain` raises."""
    with open_plain(path, most) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(size + 1)
        if len(data) > size:  # the file grows, or the system generates it on reading
            data += file.read(most + 1 - len(data))
    if len(data) > most:
        raise _too_large(path, most)
    return data


def read_text(path: Path, most: int = MOST_TEXT) -> str:
    """The text of a plain file in UTF-8.

    Raises:
        UserError: it is not UTF-8, or as `open_plain`.
        OSError: as `open_plain`.
    """
    data = read_bytes(path, most)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not text in UTF-8: save it as UTF-8") from error


def lines_in(path: Path, longest: int = LONGEST_LINE) -> Iterator[bytes]:
    """Yield the lines of a plain file, with their line ends.

    Raises:
        UserError: a line is longer than `longest` bytes, or as `open_plain`.
        OSError: as `open_plain`.
    """
    with open_plain(path) as file:
        number = 0
        while line := file.readline(longest):
            number += 1
            if len(line) == longest and not line.endswith(b"\n"):
                raise _too_long(path, number, longest)
            yield line


def text_lines_in(path: Path, longest: int = LONGEST_ROW) -> Iterator[str]:
    """Yield the lines of a plain text file in UTF-8, as `csv` wants them; raises what `lines_in` raises.

    Raises:
        UnicodeDecodeError: it is not UTF-8.
    """
    with TextIOWrapper(open_plain(path), encoding="utf-8-sig", newline="") as file:
        number = 0
        while line := file.readline(longest):
            number += 1
            if len(line) == longest and not line.endswith(("\n", "\r")):
                raise _too_long(path, number, longest)
            yield line


def _check_plain(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise UserError(f"{path} is not a plain file: move it away")


def _too_long(path: Path, number: int, longest: int) -> UserError:
    return UserError(f"{path}, line {number}, is longer than {bytes_in_words(longest)}: move the file away")


def _too_large(path: Path, most: int) -> UserError:
    return UserError(f"{path} holds more than {bytes_in_words(most)}, too much for such a file: move it away")
