"""The canvas: pixels, and which of them garments cover."""

import numpy as np
import numpy.typing as npt

from demo_shop.draw.cloth import Plane
from demo_shop.draw.patterns import Image, Tone
from demo_shop.draw.shapes import Box, Points, box_around, filled, stroked


class Canvas:
    """An image being painted.

    Args:
        ground: (h, w, 3) from 0 to 1; the canvas paints over it.
    """

    def __init__(self, ground: Image) -> None:
        self.pixels: Image = np.ascontiguousarray(ground, dtype=np.float32)
        self.height, self.width = self.pixels.shape[:2]
        self.covered = np.zeros((self.height, self.width), dtype=np.uint8)

    @property
    def whole(self) -> Box:
        """The box of the whole canvas."""
        return Box(0, 0, self.width, self.height)

    def box_of(self, points: Points) -> Box | None:
        """The pixels that an outline touches; None when it lies outside."""
        box = box_around(points, self.width, self.height)
        return box if box.width > 0 and box.height > 0 else None

    def lay(self, outline: Points, colours: Image | Tone, light: Plane | float, box: Box) -> None:
        """Paint the inside of an outline (pixels) within its box."""
        mask = filled(outline, box)
        self.blend(mask, colours, light, box)
        np.maximum(self.covered[box.slices], mask, out=self.covered[box.slices])

    def line(self, points: Points, thickness: float, colour: Tone, strength: float) -> None:
        """Paint a line (pixels)."""
        if box := self.box_of(points):
            self.blend((stroked(points, box, thickness) * strength).astype(np.uint8), colour, 1.0, box)

    def blend(
        self, mask: npt.NDArray[np.uint8], colours: Image | Tone, light: Plane | float, box: Box
    ) -> None:
        """Mix colours, lit, into the pixels of a box by a mask of 0 to 255."""
        target = self.pixels[box.slices]
        share = (mask.astype(np.float32) / 255)[..., None]
        lit = colours * (light[..., None] if isinstance(light, np.ndarray) else np.float32(light))
        target += (lit - target) * share
