"""Opens an image file and reads only its header. Broken metadata counts as none."""

import contextlib
import io
import re
import warnings
from typing import NamedTuple

from PIL import Image

from fashion_pggan.images.decode import heif
from fashion_pggan.images.decode.jpeg_parts import joined, parts_of
from fashion_pggan.images.decode.png import exif_of, whole_png
from fashion_pggan.storage.png.chunks import SIGNATURE

ORIENTATION = 0x0112  # EXIF tag
SIDEWAYS = range(5, 9)  # EXIF orientations
AVIF_EXIF = re.compile(rb"(infe.{8,10}?)Exif", re.DOTALL)  # by this, an AVIF names an item of that type
MOST_PIXELS = 2**26  # pixels to decode when no limit is given: 8192 x 8192


class TooManyPixels(ValueError):  # noqa: N818  # an answer, not an error
    """The header says more than the limit."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(f"{width} x {height} px")
        self.width, self.height = width, height


class Frame(NamedTuple):
    """What a header says."""

    image: Image.Image
    width: int  # pixels, upright
    height: int  # pixels, likewise
    animated: bool


def opened(data: bytes, kinds: tuple[str, ...], max_pixels: int) -> Frame:
    """Read the header.

    Args:
        data: the file.
        kinds: Pillow's names of the allowed formats.
        max_pixels: the limit for decoding.

    Raises:
        TooManyPixels: the header says more. Nothing was decoded, EXIF included.
        Exception: the header is broken; decoders raise any kind of error.
    """
    if heif.KIND in kinds:
        heif.register()
    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked below
    with warnings.catch_warnings(action="ignore"):
        image = _first_read(data, kinds)
        width, height = image.size
        if width * height > max_pixels:
            raise TooManyPixels(width, height)
        # A camera's JPEG or HEIC may hold more images or a gain map after the first: only that counts.
        animated = image.format not in ("MPO", "TIFF", heif.KIND) and bool(
            getattr(image, "is_animated", False)
        )
        if image.format == "PNG" and "exif" not in image.info:  # Pillow would decode the image to find it
            image.info["exif"] = exif_of(data) or None
        if image.format != "TIFF" and orientation_of(image) in SIDEWAYS:  # Pillow turns TIFF by itself
            width, height = height, width
    return Frame(image, width, height, animated)


def orientation_of(image: Image.Image) -> int:
    """The orientation by EXIF; 1 when there is none."""
    try:
        return int(Image.Image.getexif(image).get(ORIENTATION, 1))  # a PNG's own method would decode it
    except Exception:  # broken metadata raises many kinds of errors
        return 1


def _first_read(data: bytes, kinds: tuple[str, ...]) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=kinds)
    except Exception:  # the metadata alone may be the cause
        with contextlib.suppress(Exception):
            return Image.open(io.BytesIO(_bare(data)), formats=kinds)
        raise


def _bare(data: bytes) -> bytes:
    """The file without metadata."""
    if data.startswith(b"\xff\xd8\xff"):
        return joined(parts_of(data).scans)
    if data.startswith(SIGNATURE):
        return whole_png(data)
    return AVIF_EXIF.sub(rb"\1none", data, count=1) if data[4:8] == b"ftyp" else data
