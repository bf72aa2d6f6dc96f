"""A JPEG decoded whole, or not at all. Decoders fill what is missing with grey or noise, and only warn."""

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import simplejpeg

from fashion_pggan.images.decode.jpeg_parts import Scan, joined, parts_of, without_fill

SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}  # Pillow's mode -> simplejpeg's colour space
PREMATURE = "remature end"  # libjpeg's warnings
EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker 0x(..)")
UNNOTICED = 8  # bytes that it may leave over without a warning, for it reads so many ahead
END = "d9"
SHORT_FILL = range(2, 65)  # zero bytes at a scan's end that it may have left over so

Decoded = npt.NDArray[np.uint8]  # (height, width, 1, 3 or 4)


def jpeg_pixels(data: bytes, mode: str, size: tuple[int, int]) -> Decoded:
    """Decode a JPEG file.

    Args:
        data: the file.
        mode: Pillow's name of its colours.
        size: pixels, width and height, as they were announced.

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
    for shorter in _shortened(scans):
        _check_needed(shorter, scans, space)
    return pixels


def _without_strays(scans: list[Scan], space: str, warning: str) -> Decoded:
    """Decode in spite of bytes that are left over before a marker, unless they show that data was lost."""
    stray = EXTRANEOUS.search(warning)
    if not stray:
        raise ValueError(warning)
    shorter = [without_fill(scan) for scan in scans]
    few_at_the_end = int(stray[1]) <= UNNOTICED and stray[2] == END
    if few_at_the_end and len(scans[-1].coded) - len(shorter[-1].coded) == 1:  # no fill
        pixels: Decoded = simplejpeg.decode_jpeg(joined(scans), space, strict=False)
        return pixels
    return _strictly(shorter, space)  # fill does no harm if nothing was decoded from it


def _strictly(scans: list[Scan], space: str) -> Decoded:
    """Every warning of libjpeg is an error."""
    pixels: Decoded = simplejpeg.decode_jpeg(joined(scans), space, strict=True)
    return pixels


def _shortened(scans: list[Scan]) -> Iterator[list[Scan]]:
    """The scans with one of them a byte shorter, for each that ends in a few zeros."""
    for index, scan in enumerate(scans):
        if len(scan.coded) - len(scan.coded.rstrip(b"\0")) in SHORT_FILL:
            yield [*scans[:index], without_fill(scan, 1), *scans[index + 1 :]]


def _check_needed(shorter: list[Scan], scans: list[Scan], space: str) -> None:
    """Refuse zeros of which some were decoded and some left over: an encoder ends where its data ends."""
    try:
        _strictly(shorter, space)
    except ValueError as error:
        if PREMATURE in str(error):
            return  # the last byte was needed: it is data
        raise
    _strictly([without_fill(scan) for scan in scans], space)
