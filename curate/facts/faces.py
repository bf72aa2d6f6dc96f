"""Faces in an image, by the cascade that OpenCV's package ships, confirmed by the colour of skin."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from curate.pixels.measure import Pixels

CASCADE = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt2.xml"
SMALLEST_FACE = 16  # pixels
LEAST_SKIN = 0.4  # of a face
SKIN_LOW, SKIN_HIGH = (60, 137, 80), (240, 172, 127)  # YCrCb


def faces_of(pixels: Pixels) -> list[tuple[int, int, int, int]]:
    """Left, top, width, height of each face, in pixels of the reduced image given; front views alone."""
    if min(pixels.shape[:2]) < SMALLEST_FACE:
        return []
    skin = skin_of(pixels)
    left, top, right, bottom = _around(skin)
    if right - left < SMALLEST_FACE or bottom - top < SMALLEST_FACE:
        return []
    found = _detector().detectMultiScale(
        cv2.cvtColor(pixels[top:bottom, left:right], cv2.COLOR_RGB2GRAY),
        scaleFactor=1.3,
        minNeighbors=4,
        minSize=(SMALLEST_FACE, SMALLEST_FACE),
    )
    boxes = [(left + int(x), top + int(y), int(width), int(height)) for x, y, width, height in found]
    return [
        (x, y, width, height)
        for x, y, width, height in boxes
        if skin[y : y + height, x : x + width].mean() >= LEAST_SKIN
    ]


def _around(skin: npt.NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of places with enough skin for a face, with a margin."""
    side = SMALLEST_FACE
    dense = cv2.boxFilter(skin.astype(np.float32), -1, (side, side)) >= LEAST_SKIN
    left, top, width, height = cv2.boundingRect(dense.astype(np.uint8))
    if not width:
        return 0, 0, 0, 0
    bottom, right = skin.shape
    return (
        max(left - side, 0),
        max(top - side, 0),
        min(left + width + side, right),
        min(top + height + side, bottom),
    )


def skin_of(pixels: Pixels) -> npt.NDArray[np.bool_]:
    """Where an image has the colour of skin. Many garments and some wood have it too."""
    return np.asarray(cv2.inRange(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb), SKIN_LOW, SKIN_HIGH) > 0)


@cache
def _detector() -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(str(CASCADE))
