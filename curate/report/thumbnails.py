"""Small copies of raw images, decoded in worker processes as in curation."""

from collections.abc import Iterator, Sequence
from functools import partial

import cv2

from curate.pixels.decode import Refused, decode, open_image
from curate.pixels.measure import Pixels, reduced
from curate.source.raw import Image
from curate.workers.local import Each

THUMBNAIL_LIMIT_S = 20  # seconds for one image


def thumbnails_of(
    images: Sequence[Image], *, side: int, max_pixels: int, each: Each
) -> Iterator[Pixels | None]:
    """Decode and shrink images in worker processes.

    Args:
        images: files of any kind, or parts of shards.
        side: pixels, the longer side at most.
        max_pixels: a larger image is not decoded.
        each: the workers.

    Yields:
        An image of at most side x side per entry, None where it cannot be decoded.
    """
    shrink = partial(thumbnail_of, side=side, max_pixels=max_pixels)
    return each(shrink, images, limit_s=THUMBNAIL_LIMIT_S)


def thumbnail_of(image: Image, side: int, max_pixels: int) -> Pixels | None:
    """An image, its longer side at most `side`; None when it cannot be decoded."""
    try:
        return reduced(decode(open_image(image.read_bytes(), max_pixels)).pixels, side)
    except (Refused, MemoryError, OSError, cv2.error):
        return None
