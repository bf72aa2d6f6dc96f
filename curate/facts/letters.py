"""Finds a strip of letters along an image's upper or lower edge: a banner, as shops print them."""

import cv2
import numpy as np
import numpy.typing as npt

from curate.pixels.measure import Pixels

LEAST_HEIGHT, MOST_HEIGHT = 1 / 20, 1 / 4  # of the image, for a strip
LEAST_EDGE = 0.8  # share of the width along which a strip ends in a straight edge
EDGE = 20  # grey levels, across it
LEAST_CALM = 0.5  # of a strip: its own colour
CALM, INK = 12, 40  # grey levels: at most for the strip's own colour, at least for letters
LEAST_LETTERS = 3  # of equal height, side by side


def banner_of(pixels: Pixels) -> float:
    """Confidence that there is a banner, 0 or 0.4 to 1: share of straight edge times share of calm ground.

    Args:
        pixels: (h, w, 3), reduced; letters should be at least 4 pixels high.
    """
    signed = pixels.astype(np.int16)
    return max(_strip(signed), _strip(signed[::-1]))


def _strip(pixels: npt.NDArray[np.int16]) -> float:
    height = len(pixels)
    last = int(height * MOST_HEIGHT)
    steps = np.abs(np.diff(pixels[: last + 3], axis=0)).max(axis=2)
    if len(steps) < 3:
        return 0.0
    edges = (np.maximum(np.maximum(steps[:-2], steps[1:-1]), steps[2:]) > EDGE).mean(axis=1)
    best = 0.0
    for row in range(max(int(height * LEAST_HEIGHT), 5), min(last, len(edges) + 1)):
        if edges[row - 1] >= LEAST_EDGE:
            best = max(best, float(edges[row - 1]) * _written(pixels[: row - 1]))
    return best


def _written(strip: npt.NDArray[np.int16]) -> float:
    """The share of calm ground in a strip with letters; 0 when it has none."""
    height, width, _ = strip.shape
    away = np.abs(strip - np.median(strip.reshape(-1, 3), axis=0)).max(axis=2)
    calm = float((away < CALM).mean())
    if calm < LEAST_CALM:
        return 0.0
    _, _, stats, _ = cv2.connectedComponentsWithStats((away > INK).astype(np.uint8))
    left, top, across, down, _ = stats[1:].T  # the first is the ground
    inside = (top > 0) & (top + down < height) & (left > 0) & (left + across < width)
    letters = down[inside & (down >= 0.25 * height) & (down <= 0.85 * height) & (across <= 1.6 * down)]
    if len(letters) < LEAST_LETTERS:
        return 0.0
    middle = np.median(letters)
    alike = np.abs(letters - middle) <= 0.25 * middle + 1
    return calm if alike.sum() >= LEAST_LETTERS else 0.0
