"""Lines of text in an image: how much of it they cover, where, and whether they belong to the garment."""

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from curate.pixels.cut_out import Mask
from curate.pixels.measure import Pixels
from curate.text.detector import how_to_install, installed, likelihood_of
from fashion_pggan.errors import UserError

LIKELY = 0.3  # from here on a place is text
SURE = 0.8  # mean of a line
FULL = 0.7  # of its box that a line fills
HIGH, LARGE, SMALL = 0.2, 0.06, 20  # at most: of the image's side, of its area; at least: pixels
PRINTED = 0.97  # of a line that lies on the garment: it may be a print
WIDE, ASIDE = 0.2, 0.08  # of the image: a line so wide, so far from the garment's middle, is no print
HALF = 0.0013  # of the image: text beside the garment whose score is 0.5


@dataclass(frozen=True)
class Text:
    """The text that a network sees. Shares and positions are relative to the image, 0 to 1."""

    text_share: float  # of the image, prints on the garment included
    text_x: float | None  # the middle of the text that is no print; null without any
    text_y: float | None  # likewise
    text_score: float  # for text that is no print; 3 % of the photographs without any exceed 0.5


class Line(NamedTuple):
    """A line of text, in shares of the image."""

    share: float
    x: float  # its middle
    y: float
    width: float
    on_garment: float  # share of the line


def text_in(pixels: Pixels, garment: Mask | None, network: str) -> Text:
    """Look for text in an upright image.

    Args:
        pixels: of any size.
        garment: its mask, of any size; None where it was not found.
        network: the one that the caller has; another would give other scores.

    Raises:
        UserError: another is installed here, such as on a Dask worker.
    """
    if installed() != network:
        here = installed() or "nothing that sees text"
        raise UserError(f"{platform.node()} has {here}, not {network}: run {how_to_install()} there")
    return text_of(likelihood_of(pixels), garment)


def text_of(likelihood: npt.NDArray[np.float32], garment: Mask | None) -> Text:
    """What a map of likelihoods says; the middle of the image stands for a garment that was not found."""
    height, width = likelihood.shape
    mask = _middle(height, width) if garment is None else garment
    mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)
    lines = list(_lines(likelihood, mask))
    left, _, across, _ = cv2.boundingRect(mask)
    middle = (left + across / 2) / width
    beside = [line for line in lines if not _is_print(line, middle)]
    share = sum(line.share for line in beside)
    centre = [
        sum(line.share * at / share for line, at in zip(beside, places, strict=True))
        for places in zip(*((line.x, line.y) for line in beside), strict=True)
    ]
    x, y = centre or (None, None)
    return Text(sum(line.share for line in lines), x, y, share / (share + HALF))


def _is_print(line: Line, middle: float) -> bool:
    aside = line.width > WIDE and abs(line.x - middle) > ASIDE
    return line.on_garment >= PRINTED and not aside


def _lines(likelihood: npt.NDArray[np.float32], garment: Mask) -> Iterator[Line]:
    """What has the form of a line; the network also takes whole garments for text."""
    height, width = likelihood.shape
    _, labels, stats, _ = cv2.connectedComponentsWithStats((likelihood > LIKELY).astype(np.uint8))
    sure = np.bincount(labels.ravel(), likelihood.ravel()) / stats[:, cv2.CC_STAT_AREA]
    on_garment = np.bincount(labels.ravel(), garment.ravel()) / stats[:, cv2.CC_STAT_AREA]
    for number, (left, top, across, down, area) in enumerate(stats.tolist()):
        share = area / likelihood.size
        formed = area > FULL * across * down and min(across / width, down / height) < HIGH and share < LARGE
        if number and area >= SMALL and formed and sure[number] > SURE:
            middle = (left + across / 2) / width, (top + down / 2) / height
            yield Line(share, *middle, across / width, float(on_garment[number]))


def _middle(height: int, width: int) -> Mask:
    mask = np.zeros((height, width), np.uint8)
    mask[height // 8 : -(height // 8) or None, width // 8 : -(width // 8) or None] = 1
    return mask
