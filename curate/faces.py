"""Faces in a picture, by the cascade that OpenCV's package ships, confirmed by the colour of skin."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from curate.measure import Pixels

CASCADE = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt2.xml"
SMALLEST_FACE = 16  # pixels
LEAST_SKIN = 0.4  # of a face
SKIN_LOW, SKIN_HIGH = (60, 137, 80), (240, 172, 127)  # YCrCb


def faces_of(pixels: Pixels) -> list[tuple[int, int, int, int]]:
    """Left, top, width, height of each face, in pixels of the reduced picture given; front views alone."""
    if min(pixels.shape[:2]) < SMALLEST_FACE:
        return []
    found = _detector().detectMultiScale(
        cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY),
        scaleFactor=1.2,
        minNeighbors=4,
        minSize=(SMALLEST_FACE, SMALLEST_FACE),
    )
    skin = skin_of(pixels)
    boxes = [tuple(int(value) for value in box) for box in found]
    return [
        (left, top, width, height)
        for left, top, width, height in boxes
        if skin[top : top + height, left : left + width].mean() >= LEAST_SKIN
    ]


def skin_of(pixels: Pixels) -> npt.NDArray[np.bool_]:
    """Where a picture has the colour of skin; so have many garments, and much wood."""
    return np.asarray(cv2.inRange(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb), SKIN_LOW, SKIN_HIGH) > 0)


@cache
def _detector() -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(str(CASCADE))
