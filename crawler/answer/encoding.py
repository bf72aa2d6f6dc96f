"""Decodes bodies that a server compresses without being asked, within a size limit. Pure."""

import zlib
from collections.abc import Iterable
from contextlib import suppress

from crawler.answer.whole import is_whole

# zlib's wbits to try for each encoding; many servers send deflate without its header
INFLATED = {b"gzip": (31,), b"x-gzip": (31,), b"deflate": (15, -15)}
KNOWN = frozenset({*INFLATED, b"br", b"zstd", b"compress", b"x-compress"})  # other names mean nothing
MEMBER = b"\x1f\x8b"  # begins a member of gzip
FRAMES = (b"", b"identity", b"aws-chunked")  # leave the bytes as they are


def encodings_of(values: Iterable[bytes]) -> list[bytes]:
    """The encodings of Content-Encoding in the order in which they were applied; none where none is known."""
    names = [name.strip() for name in b",".join(values).lower().split(b",")]
    return [name for name in names if name not in FRAMES] if KNOWN.intersection(names) else []


def decoded(body: bytes | bytearray, encodings: list[bytes], most: int) -> bytes:
    """The body before its encodings were applied.

    Args:
        body: as received.
        encodings: as `encodings_of`.
        most: decode at most one byte more than this, which shows that the body is longer; 0: no limit.

    Raises:
        KeyError: an encoding is unknown.
        ValueError: the body is damaged or cut.
    """
    for name in reversed(encodings):
        *others, last = INFLATED[name]
        for number in others:
            with suppress(ValueError):
                body = _inflated(body, number, most)
                break
        else:
            body = _inflated(body, last, most)
        if most and len(body) > most:
            break
    return bytes(body)


def _inflated(body: bytes | bytearray, number: int, most: int) -> bytes:
    """All members of a compressed body, up to one byte more than `most`; what follows them is left out."""
    parts: list[bytes] = []
    size = 0
    while body and (not parts or body.startswith(MEMBER)):
        inflater = zlib.decompressobj(number)
        try:
            parts.append(inflater.decompress(body, most + 1 - size if most else 0))
        except zlib.error as error:
            raise ValueError(str(error)) from error
        size += len(parts[-1])
        if most and size > most:
            break
        if not inflater.eof and not is_whole(b"".join(parts)):  # a sum that is cut costs no image
            raise ValueError("its end is missing")
        body = inflater.unused_data
    return b"".join(parts)
