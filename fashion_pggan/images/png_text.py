"""Texts in PNG files, read without their pixels."""

import zlib

from fashion_pggan.storage.png.chunks import SIGNATURE, chunks

KINDS = frozenset({b"tEXt", b"zTXt", b"iTXt"})


def text_of(data: bytes, keyword: str, most: int) -> str:
    """The text under a keyword; a truncated file keeps the texts before the cut.

    Args:
        data: a PNG file.
        keyword: of the text.
        most: bytes of the text, unpacked.

    Raises:
        ValueError: it is not a PNG file, has no such text, or the text is too long or damaged.
    """
    if not data.startswith(SIGNATURE):
        raise ValueError("it is no PNG file")
    start = keyword.encode("latin-1") + b"\0"
    for kind, chunk in chunks(data):
        if kind in KINDS and chunk[8 : 8 + len(start)] == start:
            return _decoded(kind, chunk[8 + len(start) : -4], most)
    raise ValueError(f"no text {keyword!r} in it")


def _decoded(kind: bytes, content: bytes, most: int) -> str:
    """The text, from the bytes behind its keyword."""
    if kind == b"tEXt":
        packed = False
    elif kind == b"zTXt":
        packed, content = True, content[1:]  # behind the method
    else:  # behind flag, method, language and translated keyword
        packed, (_, _, content) = content[:1] == b"\1", [*content[2:].split(b"\0", 2), b"", b""][:3]
    if packed:
        try:
            content = zlib.decompressobj().decompress(content, most + 1)
        except zlib.error as error:
            raise ValueError(f"its text cannot be unpacked ({error})") from error
    if len(content) > most:
        raise ValueError(f"its text is longer than {most:,} bytes")
    return content.decode("utf-8" if kind == b"iTXt" else "latin-1")
