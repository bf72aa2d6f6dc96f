"""Decodes a JPEG completely or not at all. Decoders fill missing parts with grey or noise, and only warn."""

import re

import numpy as np
import numpy.typing as npt
import simplejpeg

from fashion_pggan.images.decode.jpeg_parts import Scan, joined, parts_of, without_fill

SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}  # Pillow's mode -> simplejpeg's colour space
PREMATURE = "remature end"  # libjpeg's warnings
EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker 0x(..)")
UNNOTICED = 8  # bytes that it may leave unread without a warning: it reads so many ahead
END, RESTARTS = "d9", b"\xff\xdd"  # markers
SHORT_FILL = range(2, 65)  # zero bytes at a scan's end that it may have left unread in this way

Decoded = npt.NDArray[np.uint8]  # (height, width, 1, 3 or 4)


def jpeg_pixels(data: bytes, mode: str, size: tuple[int, int]) -> Decoded:
    """Decode a JPEG file.

    Args:
        data: the file.
        mode: Pillow's name of its colours.
        size: pixels, width and height, by the header.

    Raises:
        ValueError: a part is missing, or something else stands in its place.
    """
    parts = parts_of(data)
    if parts.size != size:
        raise ValueError(f"two sizes: {parts.size}, {size}")
    space, scans = SPACES[mode], parts.scans
    try:
        pixels = _strictly(scans, space)
    except ValueError as error:
        return _without_strays(scans, space, str(error))
    _check_ends(scans, space)
    return pixels


def _without_strays(scans: list[Scan], space: str, warning: str) -> Decoded:
    """Decode despite bytes that are left over before a marker, unless they show that data was lost.

    Fill bytes do no harm if nothing was decoded from them: then the image can be decoded without them.
    """
    stray = EXTRANEOUS.search(warning)
    if not stray:
        raise ValueError(warning)
    restarts = any(RESTARTS in scan.header for scan in scans)  # then an end marker may be in its place
    few_at_the_end = int(stray[1]) <= UNNOTICED and stray[2] == END and not restarts
    if few_at_the_end and scans[-1].coded[-1:] != scans[-1].coded[-2:-1]:  # not fill bytes
        pixels: Decoded = simplejpeg.decode_jpeg(joined(scans), space, strict=False)
        return pixels
    for index, scan in enumerate(scans):
        shorter = [*scans[:index], without_fill(scan), *scans[index + 1 :]]
        try:
            return _strictly(shorter, space)
        except ValueError as error:
            if EXTRANEOUS.search(str(error)):  # more fill bytes follow
                scans = shorter
    raise ValueError(warning)


def _strictly(scans: list[Scan], space: str) -> Decoded:
    """Every warning of libjpeg is an error."""
    pixels: Decoded = simplejpeg.decode_jpeg(joined(scans), space, strict=True)
    return pixels


def _check_ends(scans: list[Scan], space: str) -> None:
    """Refuse zeros at a scan's end if the decoder used some of them and left others.

    An encoder stops where its data ends: so either the last byte is needed, or none of the zeros is.
    """
    for index, scan in enumerate(scans):
        zeros = len(scan.coded) - len(scan.coded.rstrip(b"\0"))
        if zeros in SHORT_FILL or (zeros > 1 and scan.values):
            before, after = scans[:index], scans[index + 1 :]
            if not _lacks([*before, without_fill(scan, 1), *after], space):
                _strictly([*before, without_fill(scan), *after], space)


def _lacks(scans: list[Scan], space: str) -> bool:
    """Whether data is missing."""
    try:
        _strictly(scans, space)
    except ValueError as error:
        return PREMATURE in str(error)
    return False
