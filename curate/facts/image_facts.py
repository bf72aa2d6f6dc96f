"""One image file's bytes in; its facts out, and its pixels if it can be decoded."""

from collections.abc import Callable
from typing import NamedTuple

import cv2

from curate.facts.row import Row, row_of, seen_in
from curate.facts.view import View
from curate.pixels.decode import Refused, decode, open_image
from curate.pixels.failure import Failure
from curate.pixels.measure import Header


class ImageFacts(NamedTuple):
    """What is known about an image after decoding and measuring it."""

    row: Row  # without the file's SHA-256
    header: Header | None  # None when it cannot be read
    view: View | None  # None when it was not decoded, or could not be: `failure` in the row says why


def image_facts_of(
    data: bytes, *, max_pixels: int, needless: Callable[[Header], bool] = lambda header: False
) -> ImageFacts:
    """Decode and measure an image.

    Args:
        data: the file's bytes, whatever they are.
        max_pixels: a larger image is not decoded.
        needless: whether the header is enough to know; then there are no pixels and no failure.
    """
    try:
        opened = open_image(data, max_pixels)
        header = opened.header
        if header.animated:
            raise Refused(Failure.ANIMATED, header)
        if needless(header):
            return ImageFacts(row_of(len(data), "", header), header, None)
        pixels, profile_ignored = decode(opened)
    except Refused as refused:
        return ImageFacts(
            row_of(len(data), refused.failure, refused.header, refused.kind), refused.header, None
        )
    try:
        view = View(pixels)
        seen = seen_in(view, profile_ignored=profile_ignored)
    except (MemoryError, cv2.error):  # too large for the memory of a worker
        return ImageFacts(row_of(len(data), Failure.DECODER_DIED, header), header, None)
    return ImageFacts(row_of(len(data), "", header) | seen, header, view)
