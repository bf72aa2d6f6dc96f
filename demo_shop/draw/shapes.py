"""Outlines of garments: smooth curves in units, and their conversion to pixels.

Units: x to the right from the middle of the body, y downwards from the base of the neck; a chest is about one
unit wide.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]  # (n, 2)
STEPS = 12  # samples between two control points
SUBPIXEL_BITS = 4


def curve(*points: tuple[float, float]) -> Points:
    """A smooth line (Catmull-Rom) through control points, both ends included."""
    nodes = np.array([points[0], *points, points[-1]], dtype=np.float64)
    t = np.linspace(0, 1, STEPS, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(nodes, nodes[1:], nodes[2:], nodes[3:], strict=False):
        pieces.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        )
    return np.concatenate([*pieces, nodes[-1:]])


def mirrored(points: Points) -> Points:
    """The other side of the body."""
    return points * (-1, 1)


def symmetric(right: Points) -> Points:
    """A closed outline from its right half, given from the top middle to the bottom middle."""
    return np.concatenate([right, mirrored(right)[::-1]])


class Frame(NamedTuple):
    """Axes of a part of a garment: its patterns follow them."""

    origin: tuple[float, float] = (0.0, 0.0)
    angle: float = 0.0  # radians; of the part's downward axis from the vertical


UPRIGHT = Frame()


@dataclass(frozen=True)
class Part:
    """A piece of cloth: an outline and the axes of its pattern."""

    outline: Points
    frame: Frame = UPRIGHT


@dataclass(frozen=True)
class Place:
    """The place of a garment in the image."""

    x: float  # pixels, of the unit origin
    y: float
    scale: float  # pixels per unit
    angle: float = 0.0  # radians

    def to_pixels(self, points: Points) -> Points:
        """Units to pixels."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        turned = points @ np.array([[cos, sin], [-sin, cos]])
        result: Points = turned * self.scale + (self.x, self.y)
        return result

    def to_units(
        self, left: int, top: int, width: int, height: int, frame: Frame
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Coordinates (u across, v along) of a part's axes for a rectangle of pixels."""
        x = (np.arange(left, left + width, dtype=np.float32) - np.float32(self.x)) / np.float32(self.scale)
        y = (np.arange(top, top + height, dtype=np.float32) - np.float32(self.y)) / np.float32(self.scale)
        cos, sin = np.float32(math.cos(-self.angle)), np.float32(math.sin(-self.angle))
        across = x[None, :] * cos - y[:, None] * sin - np.float32(frame.origin[0])
        along = x[None, :] * sin + y[:, None] * cos - np.float32(frame.origin[1])
        cos, sin = np.float32(math.cos(frame.angle)), np.float32(math.sin(frame.angle))
        return across * cos - along * sin, across * sin + along * cos


class Box(NamedTuple):
    """A rectangle of pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


def box_around(points: Points, width: int, height: int) -> Box:
    """The pixels that an outline touches, within the image; empty when it lies outside."""
    low = np.clip(np.floor(points.min(axis=0)).astype(int) - 1, 0, (width, height))
    high = np.clip(np.ceil(points.max(axis=0)).astype(int) + 2, 0, (width, height))
    return Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


def filled(points: Points, box: Box) -> npt.NDArray[np.uint8]:
    """An outline's inside within a box, 0 to 255, with smooth edges."""
    mask = np.zeros((box.height, box.width), dtype=np.uint8)
    cv2.fillPoly(mask, [_fixed(points - (box.left, box.top))], 255, cv2.LINE_AA, SUBPIXEL_BITS)
    return mask


def stroked(points: Points, box: Box, thickness: float) -> npt.NDArray[np.uint8]:
    """A line within a box, 0 to 255."""
    mask = np.zeros((box.height, box.width), dtype=np.uint8)
    line = [_fixed(points - (box.left, box.top))]
    cv2.polylines(mask, line, False, 255, max(1, round(thickness)), cv2.LINE_AA, SUBPIXEL_BITS)
    return mask


def _fixed(points: Points) -> npt.NDArray[np.int32]:
    fixed: npt.NDArray[np.int32] = np.rint(points * 2**SUBPIXEL_BITS).astype(np.int32)
    return fixed
