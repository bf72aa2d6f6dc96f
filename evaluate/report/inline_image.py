"""Images inside an HTML page as data URIs, compressed so that a page of many images stays small."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from fashion_pggan.images.containers import LARGEST_IMAGE
from fashion_pggan.images.decode.decoding import seen
from fashion_pggan.images.decode.opening import MOST_PIXELS, opened
from fashion_pggan.images.reading import KINDS
from fashion_pggan.storage.bounded.plain_file import read_bytes
from fashion_pggan.storage.shards import Images

LONGEST = 1600  # pixels, of a side
LOSSLESS = 500_000  # pixels, up to which lossless compression is tried
QUALITIES = (88, 75, 60)
LARGE, SMALL = 220_000, 110_000  # bytes, limits per image


@dataclass(frozen=True)
class Embedded:
    """The attributes of an `img` element."""

    src: str  # data URI
    alt: str
    width: int  # pixels
    height: int


def embedded(pixels: Images, alt: str, *, longest: int = LONGEST, most: int = SMALL) -> Embedded:
    """An image (h, w, 3), reduced as far as necessary.

    Args:
        pixels: uint8 RGB.
        alt: text for readers who do not see the image.
        longest: limit of a side, in pixels.
        most: limit of its size in bytes, before base64.
    """
    image = Image.fromarray(pixels)
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    while len(data := _encoded(image, most)) > most:
        image = image.resize((image.width * 3 // 4, image.height * 3 // 4), Image.Resampling.LANCZOS)
    source = "data:image/webp;base64," + base64.b64encode(data).decode()
    return Embedded(source, alt, image.width, image.height)


def embedded_file(path: Path, alt: str, *, most: int = SMALL) -> Embedded | None:
    """An image file, reduced in the same way; None if it is missing or cannot be read."""
    pixels = read_file(path)
    return None if pixels is None else embedded(pixels, alt, most=most)


def read_file(path: Path) -> Images | None:
    """An image file as (h, w, 3) uint8 RGB; None if it is missing or cannot be read."""
    try:
        data = read_bytes(path, LARGEST_IMAGE)
        return seen(data, opened(data, KINDS, MOST_PIXELS).image).pixels
    except Exception:  # decoders raise whatever they like on broken input
        return None


def _encoded(image: Image.Image, most: int) -> bytes:
    if image.width * image.height <= LOSSLESS and len(data := _webp(image, lossless=True)) <= most:
        return data
    for quality in QUALITIES:
        data = _webp(image, quality=quality)
        if len(data) <= most:
            break
    return data


def _webp(image: Image.Image, *, lossless: bool = False, quality: int = 80) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", lossless=lossless, quality=quality)
    return buffer.getvalue()
