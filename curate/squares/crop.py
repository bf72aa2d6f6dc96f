"""The square of an image that goes into the dataset."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from curate.pixels.measure import Pixels
from fashion_pggan.params import CurateParams

MARGIN = 0.08  # of the garment's longer side, kept free around it


class Square(NamedTuple):
    """A square in an image's coordinates, in pixels; it may reach beyond the image's edges."""

    left: int
    top: int
    side: int

    def of(self, pixels: Pixels, ground: tuple[int, int, int]) -> Pixels:
        """The pixels inside, (side, side, 3); pixels beyond the image get the ground's colour."""
        height, width, _ = pixels.shape
        top, left = max(self.top, 0), max(self.left, 0)
        bottom, right = min(self.top + self.side, height), min(self.left + self.side, width)
        inside = pixels[top:bottom, left:right]
        if inside.shape[:2] == (self.side, self.side):
            return inside
        padded = np.empty((self.side, self.side, 3), np.uint8)
        padded[:] = ground
        padded[top - self.top : bottom - self.top, left - self.left : right - self.left] = inside
        return padded


def centre_square(width: int, height: int) -> Square:
    """The largest square in the middle; between two middles, the left or upper one."""
    side = min(width, height)
    return Square((width - side) // 2, (height - side) // 2, side)


def garment_square(
    width: int, height: int, box: tuple[float, float, float, float], smallest_side: int
) -> Square:
    """The square around a garment, with a margin, at most as large as the whole image.

    A square that fits is moved into the image. A larger one is padded equally on both sides, so that no
    sleeve is cut off.

    Args:
        width: pixels, upright.
        height: pixels.
        box: left, top, width, height of the garment as shares of the image.
        smallest_side: pixels of the square, at least.
    """
    left, top, box_width, box_height = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    wanted = round(max(box_width, box_height) * (1 + 2 * MARGIN))
    side = min(max(wanted, smallest_side), max(width, height))
    return Square(_start(left + box_width / 2, side, width), _start(top + box_height / 2, side, height), side)


def _start(centre: float, side: int, length: int) -> int:
    """Where a square around `centre` starts along an axis of `length` pixels."""
    if side >= length:
        return (length - side) // 2
    return min(max(round(centre - side / 2), 0), length - side)


def square_of(facts: Mapping[str, Any], params: CurateParams) -> Square:
    """The square of an image with these facts."""
    width, height = int(facts["width"]), int(facts["height"])
    if params.crop == "centre":
        return centre_square(width, height)
    box = tuple(facts[f"box_{name}"] for name in ("left", "top", "width", "height"))
    return garment_square(width, height, box, 1 if params.enlarge else params.resolution)


def ground_of(facts: Mapping[str, Any]) -> tuple[int, int, int]:
    """The colour of the ground behind a garment: that of the image's border."""
    red, green, blue = (round(facts[f"border_{name}"]) for name in ("red", "green", "blue"))
    return red, green, blue
