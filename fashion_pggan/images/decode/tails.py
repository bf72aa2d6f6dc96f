"""Detects WebP, AVIF and HEIC whose data ends in zeros that no encoder wrote: their decoders accept these."""

import io
import struct
from typing import NamedTuple

from PIL import Image

CODED = (b"VP8 ", b"VP8L")  # chunks of a WebP that hold pixels
LEAST, SHARE = 64, 50  # bytes, and 1/50 of the data; a WebP with white cloth below ends in about 50 zeros
AHEAD = 16  # bytes that an encoder may add to what a decoder needs
AVIF_RUN = 256  # bytes; product shots have runs of 56 at most, the code of HEIC has none of 3


class Coded(NamedTuple):
    """The place of the pixels in a WebP."""

    start: int
    end: int


def check_tail(data: bytes, kind: str, said: int) -> None:
    """Refuse zeros in place of data, as far as they can be distinguished from data.

    Args:
        data: a file that was decoded without complaint.
        kind: Pillow's name of its format.
        said: bytes of metadata in it.

    Raises:
        ValueError: zeros replace data.
    """
    if kind in ("AVIF", "HEIF") and bytes(AVIF_RUN) in data[data.find(b"mdat") + said + AVIF_RUN :]:
        raise ValueError("zeros in place of data")
    coded = _coded(data) if kind == "WEBP" else None
    if coded:
        content = data[coded.start : coded.end]
        zeros = len(content) - len(content.rstrip(b"\0"))
        suspect = zeros > max(LEAST, len(content) // SHARE)
        if suspect and _decodes(data, coded, AHEAD) and not _decodes(data, coded, zeros):
            raise ValueError("zeros in place of data")  # the decoder used some and left others


def _coded(data: bytes) -> Coded | None:
    place = 12
    while place + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, place)
        if name in CODED:
            return Coded(place + 8, place + 8 + length)
        place += 8 + length + length % 2
    return None


def _decodes(data: bytes, coded: Coded, fewer: int) -> bool:
    """Whether the image is complete without its last bytes."""
    length = coded.end - coded.start - fewer
    shorter = (
        data[: coded.start - 4]
        + struct.pack("<I", length)
        + data[coded.start : coded.end - fewer]
        + bytes(length % 2)
        + data[coded.end + (coded.end - coded.start) % 2 :]
    )
    whole = shorter[:4] + struct.pack("<I", len(shorter) - 8) + shorter[8:]
    try:
        Image.open(io.BytesIO(whole), formats=["WEBP"]).load()
    except Exception:  # decoders raise any kind of error on broken input
        return False
    return True
