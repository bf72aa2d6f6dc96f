"""Splits a PNG into its chunks, and checks their checksums."""

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = b"IEND"
BARE = bytes(12)  # length, kind and checksum of an empty chunk


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Every chunk that is complete, after its kind."""
    place = len(SIGNATURE)
    while place + len(BARE) <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        chunk = data[place : place + length + len(BARE)]
        if len(chunk) < length + len(BARE):
            return
        yield kind, chunk
        if kind == END:
            return
        place += len(chunk)


def is_right(chunk: bytes) -> bool:
    """Whether a chunk has the checksum of its bytes."""
    return zlib.crc32(memoryview(chunk)[4:-4]) == int.from_bytes(chunk[-4:], "big")
