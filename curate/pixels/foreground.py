"""Separates garment and ground: small images in; masks, pieces and boxes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from curate.pixels.cut_out import Mask, garment_in
from curate.pixels.measure import Pixels

Floats = npt.NDArray[np.float32]

CORNER = 0.12  # of a side: where to look for the ground
FRAME = 0.04  # of a side: the border
GROUNDS = 4  # colours that describe the ground
LEAST_AWAY, MOST_AWAY = 16.0, 60.0  # bounds of the threshold, half units of Lab
SMALLEST_PART = 0.02  # of the image, for a piece of the foreground
LARGE_PART = 0.3  # of the largest piece: a smaller piece belongs to no garment
# Another garment: its size relative to the largest, its distance, how full and how tall its box is.
OTHER_PART, OVERLAP, FULL, TALL = 0.4, 0.15, 0.4, (0.6, 2.2)


class Box(NamedTuple):
    """A rectangle, as shares of the image."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Foreground:
    """What is not ground."""

    mask: Mask  # all of it
    garment: Mask  # its large pieces
    cut: Mask | None  # the garment as GrabCut finds it, smaller than the mask; None where it does not
    box: Box  # of it; the whole image where it is not found
    pieces: int  # large ones
    garments: int  # pieces that each look like a garment; 0 unless there are two or more


def foreground_of(small: Pixels) -> Foreground:
    """Separate an image by the colours of its corners, which a garment reaches least."""
    mask = _mask(small)
    cut = garment_in(small, mask)
    height, width = mask.shape
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    areas = stats[:, cv2.CC_STAT_AREA] / mask.size  # the first is the ground
    areas[0] = 0
    large = np.flatnonzero(areas >= max(LARGE_PART * areas.max(), SMALLEST_PART))
    garment = np.isin(labels, large).astype(np.uint8) if large.size else mask
    if not garment.any():
        return Foreground(mask, garment, cut, _cut_box(cut), 0, 0)
    boxes = [_box(stats[piece], width, height) for piece in large if areas[piece] >= OTHER_PART * areas.max()]
    filled = [areas[piece] for piece in large if areas[piece] >= OTHER_PART * areas.max()]
    garments = _garments(boxes, filled, height / width)
    around = _box(cv2.boundingRect(garment), width, height) if garments else _cut_box(cut)
    return Foreground(mask, garment, cut, around, int(large.size), garments)


def _cut_box(cut: Mask | None) -> Box:
    return Box(0, 0, 1, 1) if cut is None else _box(cv2.boundingRect(cut), *cut.shape[::-1])


def _box(rectangle: Sequence[int], width: int, height: int) -> Box:
    left, top, across, down = (float(value) for value in rectangle[:4])
    return Box(left / width, top / height, across / width, down / height)


def frame_of(pixels: npt.NDArray[np.uint8]) -> Floats:
    """The outermost pixels, (n, channels)."""
    height, width, channels = pixels.shape
    rows, columns = max(round(height * FRAME), 1), max(round(width * FRAME), 1)
    sides = (pixels[:rows], pixels[-rows:], pixels[:, :columns], pixels[:, -columns:])
    return np.concatenate([side.reshape(-1, channels) for side in sides]).astype(np.float32)


def _garments(boxes: list[Box], areas: list[float], aspect: float) -> int:
    """How many pieces are side by side, if each is whole and shaped like a garment; otherwise 0."""
    if len(boxes) < 2 or sum(map(_edges, boxes)) > 1:
        return 0
    shaped = all(
        TALL[0] < box.height / box.width * aspect < TALL[1] and area > FULL * box.width * box.height
        for box, area in zip(boxes, areas, strict=True)
    )
    apart = all(_apart(one, other) for index, one in enumerate(boxes) for other in boxes[:index])
    return len(boxes) if shaped and apart else 0


def _apart(one: Box, other: Box) -> bool:
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    return across < OVERLAP * min(one.width, other.width) or down < OVERLAP * min(one.height, other.height)


def _edges(box: Box) -> int:
    """How many of the image's edges it reaches."""
    return sum((box.left < 0.01, box.top < 0.01, box.left + box.width > 0.99, box.top + box.height > 0.99))


def _mask(small: Pixels) -> Mask:
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float32)
    corners = cv2.cvtColor(_corners(small)[None], cv2.COLOR_RGB2LAB)[0].astype(np.float32)
    away = np.min([((lab - ground) ** 2).sum(axis=1) for ground in _common_colours(corners)], axis=0)
    levels = np.clip(np.sqrt(away) * 2, 0, 255).astype(np.uint8).reshape(small.shape[:2])
    least, _ = cv2.threshold(levels, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    mask = (levels > min(max(least, LEAST_AWAY), MOST_AWAY)).astype(np.uint8)
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)))


def _corners(small: Pixels) -> Pixels:
    """The pixels of the four corners, (n, 3)."""
    height, width, _ = small.shape
    rows, columns = max(round(height * CORNER), 1), max(round(width * CORNER), 1)
    corners = [
        small[y][:, x]
        for y in (slice(rows), slice(-rows, None))
        for x in (slice(columns), slice(-columns, None))
    ]
    return np.concatenate([corner.reshape(-1, 3) for corner in corners])


def _common_colours(colours: Floats) -> Floats:
    """Up to GROUNDS centres of the colours; deterministic."""
    if len(colours) < GROUNDS:
        return colours
    order = np.argsort(colours[:, 0], kind="stable")
    centres = np.stack([part.mean(axis=0) for part in np.array_split(colours[order], GROUNDS)])
    for _ in range(4):
        nearest = np.argmin(np.linalg.norm(colours[:, None] - centres[None], axis=2), axis=1)
        for number in range(GROUNDS):
            if (nearest == number).any():
                centres[number] = colours[nearest == number].mean(axis=0)
    return centres
