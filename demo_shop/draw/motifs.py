"""Prints on a chest: words and figures."""

import math

import cv2
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.uint8]  # (h, w), 0 to 255

SIDE = 256  # pixels
WORDS = (
    "SEOUL",
    "NORTH",
    "1984",
    "WAVE",
    "STUDIO",
    "MELLOW",
    "CLUB",
    "HELLO",
    "CITY",
    "RIDER",
    "OCEAN",
    "07",
)
FONTS = (cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)


def word(random: np.random.Generator) -> Mask:
    """A word, sometimes underlined."""
    mask = _empty()
    text = str(random.choice(WORDS))
    font = int(random.choice(FONTS))
    thickness = int(random.integers(4, 9))
    (width, height), _ = cv2.getTextSize(text, font, 1.0, 2)
    size = 230 / width
    place = (round(SIDE / 2 - width * size / 2), round(SIDE / 2 + height * size / 2))
    cv2.putText(mask, text, place, font, size, 255, thickness, cv2.LINE_AA)
    if random.random() < 0.4:
        cv2.line(mask, (20, 190), (236, 190), 255, 5, cv2.LINE_AA)
    return mask


def figure(random: np.random.Generator) -> Mask:
    """One of a few figures."""
    figures = (_moon, _hills, _star, _waves, _portrait)
    return figures[int(random.integers(len(figures)))]()


def _empty() -> Mask:
    return np.zeros((SIDE, SIDE), dtype=np.uint8)


def _moon() -> Mask:
    mask = _empty()
    cv2.circle(mask, (128, 128), 95, 255, -1, cv2.LINE_AA)
    cv2.circle(mask, (150, 108), 60, 0, -1, cv2.LINE_AA)
    return mask


def _hills() -> Mask:
    mask = _empty()
    for x, height in ((70, 130), (130, 180), (190, 110)):
        hill = np.array([[x - 70, 220], [x, 220 - height], [x + 70, 220]], np.int32)
        cv2.fillPoly(mask, [hill], 255, cv2.LINE_AA)
    return mask


def _star() -> Mask:
    mask = _empty()
    turns = np.arange(10) * math.pi / 5 - math.pi / 2
    reach = np.where(np.arange(10) % 2, 45, 110)
    star = np.stack([128 + reach * np.cos(turns), 128 + reach * np.sin(turns)], axis=1)
    cv2.fillPoly(mask, [star.astype(np.int32)], 255, cv2.LINE_AA)
    return mask


def _waves() -> Mask:
    mask = _empty()
    across = np.arange(16, 241, 4)
    for row in range(5):
        down = 60 + row * 34 + 12 * np.sin(across / 18 + row)
        cv2.polylines(mask, [np.stack([across, down], axis=1).astype(np.int32)], False, 255, 11, cv2.LINE_AA)
    return mask


def _portrait() -> Mask:
    mask = _empty()
    cv2.rectangle(mask, (30, 30), (226, 226), 255, -1, cv2.LINE_AA)
    cv2.circle(mask, (128, 110), 42, 0, -1, cv2.LINE_AA)
    cv2.ellipse(mask, (128, 226), (80, 66), 0, 180, 360, 0, -1, cv2.LINE_AA)
    return mask
