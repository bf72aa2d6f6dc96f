"""Bodies that a server sends encoded, though nobody asked: decoded whole, within a limit. Pure."""

import zlib
from collections.abc import Iterable

INFLATED = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}  # zlib's number for each encoding


def encodings_of(values: Iterable[bytes]) -> list[bytes]:
    """The encodings that Content-Encoding names, in the order they were made; `identity` is none."""
    names = (name.strip() for name in b",".join(values).lower().split(b","))
    return [name for name in names if name not in (b"", b"identity")]


def decoded(body: bytes | bytearray, encodings: list[bytes], most: int) -> bytes:
    """A body as it was before it was encoded.

    Args:
        body: as it came.
        encodings: as `encodings_of`.
        most: bytes that are decoded; a result that is longer has more than these. 0: any number.

    Raises:
        KeyError: an encoding that is not known.
        ValueError: the body is damaged, or ends too early.
    """
    for name in reversed(encodings):
        inflater = zlib.decompressobj(INFLATED[name])
        try:
            body = inflater.decompress(body, most + 1 if most else 0)
        except zlib.error as error:
            raise ValueError(str(error)) from error
        if most and len(body) > most:
            break
        if not inflater.eof:
            raise ValueError(f"the end of its {name.decode()} is missing")
    return bytes(body)
