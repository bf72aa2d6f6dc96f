"""Seals: digests in a Parquet file that reveal every changed bit and tell which parts are intact.

A sealed file consists of the parts that were written (a row group each), a copy of the footer, the seal and
the footer. Parquet readers begin with the footer at the end, so any of them reads a sealed file.
"""

import hashlib
import io
import json
from itertools import accumulate
from typing import IO, Any, NamedTuple

from fashion_pggan.storage.bounded.json_text import json_in

MAGIC = b"\nSEALED1"  # what follows the seal
PARQUET = b"PAR1"  # the last bytes of a Parquet file, behind the footer's length
SEALED = "fashion_pggan.sealed"  # key in the footer: a file that has it, but no seal, is damaged
CHUNK = 1024**2  # bytes read at once
LARGEST = 64 << 20  # bytes of a footer and of a seal: a million images have 5 << 20


class DamagedError(ValueError):
    """A file has changed since it was written."""


class Part(NamedTuple):
    """A row group as it was written."""

    size: int  # bytes
    rows: int
    sha256: str


class Seal(NamedTuple):
    """The parts and hashes of a file at the time of writing."""

    parts: list[Part]
    footer: str  # SHA-256
    start: int  # where the copy of the footer begins: the end of the parts
    copied: int  # where that copy ends
    end: int  # where the footer begins

    @property
    def starts(self) -> list[int]:
        """Where each part begins."""
        return [0, *accumulate(part.size for part in self.parts)][:-1]


class SealingFile(io.RawIOBase):
    """A file for a Parquet writer: passes all bytes on, and adds the seal at the end.

    Args:
        file: to write to; it is not closed.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.parts = file, list[Part]()
        self.digest, self.size = hashlib.sha256(), 0
        self.footer: bytearray | None = None

    def writable(self) -> bool:
        """Whether it may be written to."""
        return True

    def write(self, data: Any, /) -> int:
        """Pass bytes on; keep them once the footer has begun."""
        view = memoryview(data).cast("B")
        if self.footer is None:
            self.file.write(view)
            self.digest.update(view)
            self.size += view.nbytes
        else:
            self.footer += view
        return view.nbytes

    def end_part(self, rows: int) -> None:
        """Note that a row group has ended."""
        self.parts.append(Part(self.size, rows, self.digest.hexdigest()))
        self.digest, self.size = hashlib.sha256(), 0

    def begin_footer(self) -> None:
        """Note that only the footer follows."""
        if self.size:  # a file without rows has only its first bytes
            self.end_part(0)
        self.footer = bytearray()

    def finish(self) -> None:
        """Write the seal and the footer."""
        assert self.footer is not None
        said = {"parts": self.parts, "footer": hashlib.sha256(self.footer).hexdigest()}
        text = json.dumps(said).encode()
        size = len(text).to_bytes(4, "little")
        self.file.write(b"".join([self.footer, text, _digest(text), size, MAGIC, self.footer]))


def seal_of(file: IO[bytes]) -> Seal | None:
    """The seal of a file; None where it has none.

    Raises:
        DamagedError: the seal is damaged, or the file is cut off.
    """
    length = file.seek(0, io.SEEK_END)
    footer = _footer_size(file, length)
    return _seal_before(file, length - footer)


def check(file: IO[bytes]) -> bool:
    """Whether a file is sealed; all of its bytes are read.

    Raises:
        DamagedError: they are not what was written.
    """
    seal = seal_of(file)
    if seal is None:
        return False
    file.seek(seal.end)
    footer = file.read()
    file.seek(seal.start)
    if file.read(len(footer)) != footer or hashlib.sha256(footer).hexdigest() != seal.footer:
        raise DamagedError("its footer is not what was written")
    file.seek(0)
    broken = sum(_sha256_of_next(file, part.size) != part.sha256 for part in seal.parts)
    if broken:
        raise DamagedError(f"{broken} of its {len(seal.parts)} parts are not what was written")
    return True


def whole_parts(data: bytes) -> tuple[bytes, list[bool] | None, int | None]:
    """The intact parts of a damaged file.

    Returns:
        The parts with a footer behind them, as Parquet; empty if no footer is intact. Which parts are intact;
        None if there is no seal. How many rows there were; None likewise.
    """
    seal = _seal_anywhere(data)
    if seal is None:
        return _twice(data), None, None
    whole = [
        hashlib.sha256(data[start : start + part.size]).hexdigest() == part.sha256
        for start, part in zip(seal.starts, seal.parts, strict=True)
    ]
    rows = sum(part.rows for part in seal.parts)
    for footer in (data[seal.end :], data[seal.start : seal.copied]):
        if hashlib.sha256(footer).hexdigest() == seal.footer:
            return data[: seal.start] + footer, whole, rows
    return b"", whole, rows


def _seal_anywhere(data: bytes) -> Seal | None:
    """The seal, though the file's end may be damaged; None where the seal is."""
    place = data.rfind(MAGIC)
    try:
        return _seal_before(io.BytesIO(data), place + len(MAGIC)) if place >= 0 else None
    except DamagedError:
        return None


def _twice(data: bytes) -> bytes:
    """A file without an intact seal: the parts and the footer, if there are two copies or never were."""
    try:
        size = _footer_size(io.BytesIO(data), len(data))
    except DamagedError:
        return b""
    footer = data[-size:]
    first = data.find(footer)
    if first == len(data) - size and SEALED.encode() in data:
        return b""  # its copy differs: one of the two is damaged
    return data[:first] + footer


def _footer_size(file: IO[bytes], length: int) -> int:
    """Bytes of the footer, with its length and the last four bytes behind it."""
    file.seek(max(length - 8, 0))
    end = file.read(8)
    size = int.from_bytes(end[:4], "little") + 8
    if end[4:] != PARQUET or size + 4 > length:
        raise DamagedError("its end is not that of a Parquet file")
    if size > LARGEST:
        raise DamagedError(f"its footer has {size:,} bytes, too many")
    return size


def _seal_before(file: IO[bytes], end: int) -> Seal | None:
    """The seal that ends at `end`; None where there is none."""
    fixed = 32 + 4 + len(MAGIC)
    file.seek(max(end - fixed, 0))
    behind = file.read(min(fixed, end))
    if not behind.endswith(MAGIC):
        return None
    size = int.from_bytes(behind[32:36], "little")
    file.seek(max(end - fixed - size, 0))
    text = file.read(min(size, LARGEST))
    if _digest(text) != behind[:32]:
        raise DamagedError("its seal is not what was written")
    try:
        said = json_in(text)
        parts = [Part(*part) for part in said["parts"]]
        footer = str(said["footer"])
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedError("its seal is none of this program") from error
    if not all(type(number) is int and number >= 0 for part in parts for number in part[:2]):
        raise DamagedError("its seal is none of this program")
    return Seal(parts, footer, sum(part.size for part in parts), end - fixed - size, end)


def _sha256_of_next(file: IO[bytes], size: int) -> str:
    digest = hashlib.sha256()
    while size and (data := file.read(min(size, CHUNK))):
        digest.update(data)
        size -= len(data)
    return digest.hexdigest()


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
