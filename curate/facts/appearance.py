"""How an image looks as a whole: small models over its gradients and the layout of its colours.

`python -m benchmarks.styles --fit` fitted appearance.npy, on labelled photographs and on drawn garments;
`python -m benchmarks.curation.garments --fit` fitted garment.npy. docs/explanation/styles.md says how often
they are right.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from curate.facts.view import View
from curate.pixels.measure import Pixels

WEIGHTS = Path(__file__).with_name("appearance.npy")
GARMENT = Path(__file__).with_name("garment.npy")
SIDE = 96  # pixels, of the reduction whose gradients are taken
BLOCK, STRIDE, BINS = 32, 16, 9  # pixels, pixels, directions: of the histograms of gradients
LAYOUT = 8  # pixels, side of the reduction that shows the layout of the colours
LAYOUT_SCALE = 213.0  # divides Lab's 0 to 255: colours get the range of the histograms, 0 to 1

Features = npt.NDArray[np.float32]  # (1092,): 5 x 5 blocks of 4 cells of 9 directions, then 8 x 8 colours


class Look(IntEnum):
    """The questions about an image, in the order of the weights."""

    HANGING = 0  # the garment hangs: on a hanger or a mannequin, or on a wall
    CLOSE_UP = 1  # a part of a garment fills the image


@dataclass(frozen=True)
class Recognised:
    """Whether the image shows a garment at all."""

    garment_score: float  # 0 to 1; 0.5 is where 2 % of photographs of garments lie below


def recognised_in(view: View) -> Recognised:
    """Whether the image shows a garment: a network with one hidden layer."""
    return Recognised(garment_score=_likely(garment_logit(features_of(view.seen), units())))


def garment_logit(features: npt.NDArray[np.float32], units: npt.NDArray[np.float32]) -> float:
    """The network's answer for an image: each unit is cut off below zero, and all are added up.

    Args:
        features: those of the image.
        units: (k, features + 2): weights, bias and what the unit counts.
    """
    return float(np.maximum(units[:, :-2] @ features + units[:, -2], 0) @ units[:, -1])


def likelihood_of(pixels: Pixels) -> dict[Look, float]:
    """The probability of each, 0 to 1."""
    scores = weights()[:, :-1] @ features_of(pixels) + weights()[:, -1]
    return {look: _likely(scores[look]) for look in Look}


def _likely(logit: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(logit, -50, 50))))


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
def units() -> npt.NDArray[np.float32]:
    """(k, features + 2): the network that tells garments from other things."""
    return np.asarray(np.load(GARMENT), np.float32)


@cache
def _histograms() -> cv2.HOGDescriptor:
    cell = (STRIDE, STRIDE)
    return cv2.HOGDescriptor((SIDE, SIDE), (BLOCK, BLOCK), cell, cell, BINS)
