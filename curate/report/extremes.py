"""Which of many images are the darkest, the most blurred and the most unusual: squares in; places out."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from curate.pixels.measure import Pixels

LAYOUT = 8  # pixels, side of the reduction that shows the layout of the colours
USUAL = 16  # principal components of the layouts, which describe what many images have in common
MOST = 0.9  # share of the images, the ones nearest to the middle, that the components are of
PLAIN = 1.0  # squared grey levels a pixel; an image with smaller slopes has little that could be sharp
TOGETHER = 256  # images looked at before the next are read

Floats = npt.NDArray[np.float64]


class _Look(NamedTuple):
    brightness: float  # mean grey level
    sharpness: float  # mean square of second over first derivatives: blur lowers it, contrast does not
    layout: Floats  # (192,), Lab


def extremes_of(squares: Iterable[Pixels], most: int) -> dict[str, list[int]]:
    """The places of the most extreme images, the most extreme first, by the name of what is extreme.

    Unusual is an image whose layout of colours is unlike what the other images have in common.

    Args:
        squares: at least one, all of one size. Blur is seen from about 128 pixels on.
        most: places of each kind.
    """
    looks: list[_Look] = []
    remaining = iter(squares)
    with ThreadPoolExecutor() as pool:
        while some := list(islice(remaining, TOGETHER)):
            looks += pool.map(_look_of, some)
    values: dict[str, npt.ArrayLike] = {
        "darkest": [look.brightness for look in looks],
        "blurred": [look.sharpness for look in looks],
        "unusual": -_unlike_others(np.stack([look.layout for look in looks])),
    }
    return {name: np.argsort(value, kind="stable")[:most].tolist() for name, value in values.items()}


def _look_of(pixels: Pixels) -> _Look:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *axes, scale=1 / 8) for axes in ((1, 0), (0, 1)))
    layout = cv2.resize(pixels, (LAYOUT, LAYOUT), interpolation=cv2.INTER_AREA)
    return _Look(
        float(grey.mean()),
        _mean_square(cv2.Laplacian(grey, cv2.CV_32F)) / (_mean_square(across) + _mean_square(down) + PLAIN),
        cv2.cvtColor(layout, cv2.COLOR_RGB2LAB).ravel().astype(np.float64),
    )


def _mean_square(values: npt.NDArray[np.float32]) -> float:
    return float((values * values).mean())


def _unlike_others(layouts: Floats) -> Floats:
    """For each row the squared distance from the plane of the principal components of most of them."""
    away = layouts - np.median(layouts, axis=0)
    distance = (away**2).sum(axis=1)
    usual = away[distance <= np.quantile(distance, MOST)]
    _, axes = np.linalg.eigh(usual.T @ usual)  # the last are the principal ones
    return np.asarray(((away @ axes[:, :-USUAL]) ** 2).sum(axis=1))
