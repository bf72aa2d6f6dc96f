"""Reduces a PNG to the chunks that its pixels need, and checks their checksums."""

from fashion_pggan.storage.png.chunks import END, SIGNATURE, chunks, is_right

PALETTE_ALPHA, PROFILE = b"tRNS", b"iCCP"  # chunks that pixels need although decoders may ignore them
ORIENTED = b"eXIf"


def whole_png(data: bytes) -> bytes:
    """A PNG file with only what its pixels need.

    Raises:
        ValueError: it ends too early, or a chunk has a wrong checksum.
    """
    kept, ended = [SIGNATURE], False
    for kind, chunk in chunks(data):
        if not kind[0] & 32 or kind in (PALETTE_ALPHA, PROFILE):  # a small letter: decoding does not need it
            if not is_right(chunk):
                raise ValueError(f"chunk {kind!r} has a wrong checksum")
            kept.append(chunk)
            ended = kind == END
    if not ended:
        raise ValueError("truncated: the end is missing")
    return b"".join(kept)


def exif_of(data: bytes) -> bytes:
    """The content of the EXIF chunk, which may be anywhere; empty when no whole one exists."""
    for kind, chunk in chunks(data):
        if kind == ORIENTED and is_right(chunk):
            return chunk[8:-4]
    return b""
