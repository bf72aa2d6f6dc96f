"""Whether a PNG is the one that was written, by the checksums of its chunks and by its own hash."""

import hashlib
import zlib
from pathlib import Path

from fashion_pggan.storage.png.chunks import BARE, END, SIGNATURE, chunks, is_right

KEYWORD = b"SHA-256\0"  # of the text before the end, with the hash of all that comes before it


def png_fault(path: Path) -> str:
    """What is wrong with a PNG; empty if nothing is.

    Raises:
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    size, kind = len(SIGNATURE), b""
    for kind, chunk in chunks(data) if data.startswith(SIGNATURE) else ():
        if not is_right(chunk):
            return f"the checksum of its part {kind.decode('ascii', 'replace')!r} is wrong"
        size += len(chunk)
    return "" if kind == END and size == len(data) else "it is not a complete PNG"


def with_hash(png: bytes) -> bytes:
    """A PNG that carries the SHA-256 of its bytes, as a text before its end."""
    return png[: -len(BARE)] + _hash_chunk(png[: -len(BARE)]) + png[-len(BARE) :]


def carries_hash(path: Path) -> bool:
    """Whether a PNG is what `with_hash` made: nobody else wrote or edited it.

    Raises:
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    size = len(_hash_chunk(b"")) + len(BARE)
    return len(data) > size and with_hash(data[:-size] + data[-len(BARE) :]) == data


def _hash_chunk(before: bytes) -> bytes:
    text = b"tEXt" + KEYWORD + hashlib.sha256(before).hexdigest().encode()
    return (len(text) - 4).to_bytes(4, "big") + text + zlib.crc32(text).to_bytes(4, "big")
