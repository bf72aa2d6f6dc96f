"""How an image looks as a whole: linear models over its gradients and the layout of its colours.

`python -m benchmarks.styles --fit` fitted the weights, appearance.npy, on labelled photographs and on drawn
garments. docs/explanation/styles.md says how often they are right.
"""

from enum import IntEnum
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from curate.pixels.measure import Pixels

WEIGHTS = Path(__file__).with_name("appearance.npy")
SIDE = 96  # pixels, of the reduction whose gradients are taken
BLOCK, STRIDE, BINS = 32, 16, 9  # pixels, pixels, directions: of the histograms of gradients
LAYOUT = 8  # pixels, side of the reduction that shows the layout of the colours
LAYOUT_SCALE = 213.0  # divides Lab's 0 to 255: colours get the range of the histograms, 0 to 1

Features = npt.NDArray[np.float32]  # (1092,): 5 x 5 blocks of 4 cells of 9 directions, then 8 x 8 colours


class Look(IntEnum):
    """The questions about an image, in the order of the weights."""

    HANGING = 0  # the garment hangs: on a hanger or a mannequin, or on a wall
    CLOSE_UP = 1  # a part of a garment fills the image


def likelihood_of(pixels: Pixels) -> dict[Look, float]:
    """The probability of each, 0 to 1."""
    scores = weights()[:, :-1] @ features_of(pixels) + weights()[:, -1]
    return {look: float(1 / (1 + np.exp(-np.clip(scores[look], -50, 50)))) for look in Look}


def features_of(pixels: Pixels) -> Features:
    """Histograms of gradients of the grey image, and the colours of 8 x 8 places; for any size."""
    small = cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    gradients = np.asarray(_histograms().compute(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))).ravel()
    layout = cv2.cvtColor(
        cv2.resize(pixels, (LAYOUT, LAYOUT), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB
    )
    return np.concatenate([gradients, layout.ravel().astype(np.float32) / LAYOUT_SCALE])


@cache
def weights() -> npt.NDArray[np.float32]:
    """(looks, features + 1), the bias last."""
    return np.asarray(np.load(WEIGHTS), np.float32)


@cache
def _histograms() -> cv2.HOGDescriptor:
    cell = (STRIDE, STRIDE)
    return cv2.HOGDescriptor((SIDE, SIDE), (BLOCK, BLOCK), cell, cell, BINS)
