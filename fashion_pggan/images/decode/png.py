"""Reduces a PNG to the chunks that its pixels need, and checks their checksums."""

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PALETTE_ALPHA, PROFILE = b"tRNS", b"iCCP"  # chunks that pixels need although decoders may ignore them
ORIENTED, END = b"eXIf", b"IEND"
BARE = bytes(12)  # length, kind and checksum of an empty chunk


def whole_png(data: bytes) -> bytes:
    """A PNG file with only what its pixels need.

    Raises:
        ValueError: it ends too early, or a chunk has a wrong checksum.
    """
    kept, ended = [SIGNATURE], False
    for kind, chunk in chunks(data):
        if not kind[0] & 32 or kind in (PALETTE_ALPHA, PROFILE):  # a small letter: decoding does not need it
            if not _right(chunk):
                raise ValueError(f"chunk {kind!r} has a wrong checksum")
            kept.append(chunk)
            ended = kind == END
    if not ended:
        raise ValueError("truncated: the end is missing")
    return b"".join(kept)


def exif_of(data: bytes) -> bytes:
    """The content of the EXIF chunk, which may be anywhere; empty when no whole one exists."""
    for kind, chunk in chunks(data):
        if kind == ORIENTED and _right(chunk):
            return chunk[8:-4]
    return b""


def _right(chunk: bytes) -> bool:
    return zlib.crc32(memoryview(chunk)[4:-4]) == int.from_bytes(chunk[-4:], "big")


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
