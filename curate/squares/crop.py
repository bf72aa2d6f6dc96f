"""The square of an image that goes into the dataset."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from curate.pixels.measure import Pixels
from curate.squares.ground import widened
from fashion_pggan.params import CurateParams

MARGIN = 0.08  # of the garment's longer side, kept free around it
MOST_CUT = 0.1  # of that side, half at each end, before the ground of an image is extended where that shows
PLAIN = 0.9  # share of the frame that has the colour of a plain ground
SQUARE_FACTS = (  # that give an image's square
    "width",
    "height",
    "border_uniformity",
    *(f"{what}_{name}" for what in ("box", "torso") for name in ("left", "top", "width", "height")),
)
Box = tuple[float, float, float, float]  # left, top, width, height, as shares of the image
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


class Square(NamedTuple):
    """A square in an image's coordinates, in pixels; it may reach beyond two opposite edges."""

    left: int
    top: int
    side: int

    def of(self, pixels: Pixels, box: Box = WHOLE) -> Pixels:
        """The pixels inside, (side, side, 3); beyond the image goes the ground on (`beyond`).

        Args:
            pixels: the whole image, upright.
            box: of the garment, as shares of the image: where the ground ends.
        """
        height, width, _ = pixels.shape
        top, left = max(self.top, 0), max(self.left, 0)
        bottom, right = min(self.top + self.side, height), min(self.left + self.side, width)
        inside = pixels[top:bottom, left:right]
        if right - left < self.side:
            gaps = box[0] * width, (1 - box[0] - box[2]) * width
            inside = widened(inside, left - self.left, self.left + self.side - right, gaps)
        if bottom - top < self.side:
            gaps = box[1] * height, (1 - box[1] - box[3]) * height
            turned = widened(inside.transpose(1, 0, 2), top - self.top, self.top + self.side - bottom, gaps)
            inside = turned.transpose(1, 0, 2)
        return inside


def centre_square(width: int, height: int) -> Square:
    """The largest square in the middle; between two middles, the left or upper one."""
    side = min(width, height)
    return Square((width - side) // 2, (height - side) // 2, side)


def garment_square(width: int, height: int, box: Box, smallest_side: int, *, plain: bool) -> Square:
    """The square around a garment, with a margin, at most as large as the whole image.

    A square that fits is moved into the image. Unless the ground is plain, the margin gives way before a
    square reaches beyond the image, then up to `MOST_CUT` of the garment does. Only a garment that is longer
    still has its square extended; where neither the ground is plain nor the garment found, the square is the
    centre's.

    Args:
        width: pixels, upright.
        height: pixels.
        box: of the garment; the whole image where it was not found.
        smallest_side: pixels of the square, at least.
        plain: whether the ground has one colour, so that nobody sees where it was extended.
    """
    if box == WHOLE and not plain and smallest_side <= min(width, height):
        return centre_square(width, height)
    left, top, box_width, box_height = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    longest = max(box_width, box_height)
    side = round(longest * (1 + 2 * MARGIN))
    if not plain:
        side = min(side, max(min(width, height), math.ceil(longest * (1 - MOST_CUT))))
    side = min(max(side, smallest_side), max(width, height))
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
    smallest = 1 if params.enlarge else params.resolution
    plain = not _is_worn(facts, params) and facts["border_uniformity"] >= PLAIN  # bodies are not mirrored
    return garment_square(width, height, box_in(facts, params), smallest, plain=plain)


def box_in(facts: Mapping[str, Any], params: CurateParams) -> Box:
    """The garment's box; that of the upper body where this is asked for and somebody wears the garment."""
    what = "torso" if _is_worn(facts, params) else "box"
    left, top, width, height = (float(facts[f"{what}_{name}"]) for name in ("left", "top", "width", "height"))
    return left, top, width, height


def _is_worn(facts: Mapping[str, Any], params: CurateParams) -> bool:
    return params.crop == "top" and bool(facts["torso_width"])
