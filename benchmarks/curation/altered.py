"""Photographs in; copies as shops make them out, and look-alikes that are other garments."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from curate.pixels.measure import Pixels

Change = Callable[[Pixels], Pixels]
WHITE, DARK = (255, 255, 255), (20, 20, 20)
SHIRT = [(250, 150), (330, 110), (470, 110), (550, 150), (700, 260), (630, 350)]
SHIRT += [(570, 310), (570, 700), (230, 700), (230, 310), (170, 350), (100, 260)]
CELLS = 6  # coloured squares along each side of a print


def jpeg(pixels: Pixels, quality: int = 92) -> Pixels:
    """The image as an encoder leaves it."""
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def framed(pixels: Pixels, rows: int, columns: int, colour: tuple[int, int, int]) -> Pixels:
    """The image with a frame of one colour."""
    edges = (rows, rows, columns, columns)
    return np.asarray(
        cv2.copyMakeBorder(pixels, *edges, borderType=cv2.BORDER_CONSTANT, value=colour), np.uint8
    )


def squared(pixels: Pixels) -> Pixels:
    """The image on a white square."""
    height, width, _ = pixels.shape
    side = max(height, width)
    return framed(pixels, (side - height) // 2, (side - width) // 2, WHITE)


def lit(gain: float, *, about_mean: bool = False) -> Change:
    """Multiplies brightness, or contrast about the mean brightness."""

    def change(pixels: Pixels) -> Pixels:
        middle = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).mean() if about_mean else 0.0
        return np.clip((pixels - middle) * gain + middle, 0, 255).astype(np.uint8)

    return change


def rotated(degrees: float) -> Change:
    """Turns about the middle, on white."""

    def turn(pixels: Pixels) -> Pixels:
        height, width, _ = pixels.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        size = (width, height)
        return np.asarray(
            cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_CUBIC, borderValue=WHITE), np.uint8
        )

    return turn


def cut(top: float, bottom: float, left: float, right: float) -> Change:
    """Cuts shares of a side off."""

    def change(pixels: Pixels) -> Pixels:
        height, width, _ = pixels.shape
        rows = np.s_[round(top * height) : height - round(bottom * height)]
        return pixels[rows, round(left * width) : width - round(right * width)]

    return change


def in_another_hue(pixels: Pixels, turn: int) -> Pixels:
    """The whole image with its hue turned, in degrees."""
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(int) + turn // 2) % 180
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)


def garment_in_another_hue(pixels: Pixels, turn: int) -> Pixels:
    """The middle in another hue, as a garment in another colour on the same ground."""
    height, width, _ = pixels.shape
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    middle = hsv[height // 5 : -(height // 5), width // 5 : -(width // 5)]
    middle[..., 0] = (middle[..., 0].astype(int) + turn // 2) % 180
    middle[..., 1] = np.maximum(middle[..., 1], 90)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)


def printed_shirts(size: int, cloth: int, count: int = 24) -> Iterator[Pixels]:
    """One blank shirt, 800 px, of a grey level, with different prints of this size."""
    blank = np.full((800, 800, 3), 255, np.uint8)
    cv2.fillPoly(blank, [np.asarray(SHIRT)], (cloth, cloth, cloth))
    cv2.polylines(blank, [np.asarray(SHIRT)], True, (abs(cloth - 35),) * 3)
    for number in range(count):
        cells = np.random.default_rng(number).integers(0, 255, (CELLS, CELLS, 3), dtype=np.uint8)
        shirt = blank.copy()
        left = 400 - size // 2
        shirt[260 : 260 + size, left : left + size] = cv2.resize(
            cells, (size, size), interpolation=cv2.INTER_NEAREST
        )
        yield jpeg(shirt)


def _banner(pixels: Pixels) -> Pixels:
    changed = pixels.copy()
    changed[round(0.88 * len(changed)) :] = (200, 30, 30)
    return changed


def _ten_per_cent(pixels: Pixels) -> Pixels:
    return framed(pixels, len(pixels) // 10, pixels.shape[1] // 10, WHITE)


def _dark_frame(pixels: Pixels) -> Pixels:
    width = max(pixels.shape) // 50
    return framed(pixels, width, width, DARK)


COPIES: dict[str, Change] = {
    "JPEG of quality 50": lambda pixels: jpeg(pixels, 50),
    "half the size": lambda pixels: np.asarray(
        cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8
    ),
    "on a white square": lambda pixels: jpeg(squared(pixels)),
    "a white frame of 10 %": lambda pixels: jpeg(_ten_per_cent(pixels)),
    "a dark frame of 2 %": lambda pixels: jpeg(_dark_frame(pixels)),
    "contrast x 1.2": lambda pixels: jpeg(lit(1.2, about_mean=True)(pixels)),
    "contrast x 0.8": lambda pixels: jpeg(lit(0.8, about_mean=True)(pixels)),
    "15 % brighter": lit(1.15),
    "15 % darker": lit(0.85),
    "rotated by 2 degrees": lambda pixels: jpeg(rotated(2)(pixels)),
    "rotated by -1 degree": lambda pixels: jpeg(rotated(-1)(pixels)),
    "mirrored": lambda pixels: pixels[:, ::-1].copy(),
    "mirrored, JPEG of quality 60": lambda pixels: jpeg(pixels[:, ::-1].copy(), 60),
    "mirrored, on a white square": lambda pixels: jpeg(squared(pixels[:, ::-1].copy())),
    "without 2 % at each edge": cut(0.02, 0.02, 0.02, 0.02),
    "without 5 % at each edge": cut(0.05, 0.05, 0.05, 0.05),
    "without 8 % at each edge": lambda pixels: jpeg(cut(0.08, 0.08, 0.08, 0.08)(pixels)),
    "without the upper 8 %": cut(0.08, 0, 0, 0),
    "without the left 10 %": cut(0, 0, 0.1, 0),
    "a red strip over the lower 12 %": _banner,
}
