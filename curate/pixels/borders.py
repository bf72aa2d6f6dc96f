"""Images in; the same images without the plain borders at both sides, or above and below, out."""

import numpy as np

from curate.pixels.measure import Pixels

SAME = 8  # grey levels from a border's colour, which encoders do not keep exactly
LEAST_LEFT = 0.2  # of a side; an image of which less would stay is left whole
STRIP = 16  # rows looked at together
ROUNDS = 2  # a border may hide another: bars at the sides, then bars above and below


def without_borders(pixels: Pixels) -> Pixels:
    """The image without plain borders; a view.

    As much is cut above as below, and left as right: so a garment is cut alike before and after a shop
    adds a frame, and a banner along one edge stays.
    """
    inner = pixels
    for _ in range(ROUNDS):
        inner = _without_plain_rows(inner)
        inner = _without_plain_rows(inner.transpose(1, 0, 2)).transpose(1, 0, 2)
    left = min(inner.shape[0] / pixels.shape[0], inner.shape[1] / pixels.shape[1])
    return inner if left >= LEAST_LEFT else pixels


def _without_plain_rows(pixels: Pixels) -> Pixels:
    count = _plain_rows(pixels, (len(pixels) - 1) // 2)
    count = _plain_rows(pixels[::-1], count)
    return pixels[count : len(pixels) - count]


def _plain_rows(pixels: Pixels, most: int) -> int:
    """How many rows, from the first and at most so many, have one colour together."""
    colour = pixels[:1].mean(axis=1, keepdims=True)  # (1, 1, 3)
    start, rows = 0, 1  # most photographs have no border: one row tells
    while start < most:
        strip = pixels[start : min(start + rows, most)]
        varied = (np.abs(strip - colour) > SAME).any(axis=(1, 2))
        if varied.any():
            return start + int(varied.argmax())
        start, rows = start + len(strip), STRIP
    return most
