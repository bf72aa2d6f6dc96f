"""Tar files within limits: an entry must have the bytes that its header claims."""

import os
import tarfile
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from fashion_pggan.storage.bounded.plain_file import open_plain

LARGEST_HEADER = 1 << 20  # bytes before an entry's content, such as a long name


def entries_of(path: Path, most: int) -> Iterator[tarfile.TarInfo]:
    """The plain files in a tar file, in its order.

    Args:
        path: the tar file, not compressed.
        most: bytes of an entry.

    Raises:
        UserError: it is not a plain file.
        tarfile.TarError, ValueError: it is not a tar file, or an entry's header is wrong.
        OSError: it cannot be read.
    """
    with open_plain(path) as file:
        size, end = os.fstat(file.fileno()).st_size, 0
        try:
            with tarfile.open(fileobj=_Headers(file), mode="r:") as tar:  # type: ignore[call-overload]  # it has the methods that tarfile calls
                for entry in tar:
                    if not end <= entry.offset < entry.offset_data or entry.size < 0:
                        raise tarfile.ReadError(f"the header of {entry.name!r} points backwards")
                    end = entry.offset_data
                    if entry.isreg():
                        _check(entry, size, most)
                        yield entry
                    tar.members.clear()  # tarfile would keep all of them
        except (RecursionError, OverflowError, AttributeError) as error:
            raise tarfile.ReadError("its headers are broken") from error


def _check(entry: tarfile.TarInfo, size: int, most: int) -> None:
    if entry.issparse():
        raise tarfile.ReadError(f"{entry.name!r} is a sparse file")
    if entry.size > most:
        raise tarfile.ReadError(f"{entry.name!r} has {entry.size:,} bytes, more than {most:,}")
    if entry.offset_data + entry.size > size:
        raise tarfile.ReadError(f"{entry.name!r} ends beyond the file's end")


class _Headers:
    """A file for reading headers, never entries.

    Args:
        file: the file.
    """

    def __init__(self, file: BufferedReader) -> None:
        self.seek, self.tell, self.file = file.seek, file.tell, file

    def read(self, size: int = -1) -> bytes:
        """The next bytes.

        Raises:
            ReadError: they are more than a header has.
        """
        if not 0 <= size <= LARGEST_HEADER:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        return self.file.read(size)
