"""How much an image shows: its part without plain borders, and how narrow its edges are."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from curate.facts.view import View
from curate.pixels.measure import Pixels

SAME = 16  # grey levels from a border's colour: encoders change a narrow one by so much
LEAST_LEFT = 0.2  # of a side; an image of which less would stay is left whole
ROUNDS = 2  # a border may hide another: bars at the sides, then bars above and below
MARGIN = 0.02  # of a side, where what is left may begin with a border's step
REACH = 9  # steps between pixels, around which an edge rises
SHARPEST, LEAST_PLACES = 0.01, 50  # share of the places, by how far the image rises there, and their number
MOST_VALUES = 1 << 20  # along each axis; of a larger image every so many rows are looked at


@dataclass(frozen=True)
class Detail:
    """What makes one of several copies the original, as far as their sizes do not tell."""

    own_share: float  # of the image: without plain borders, which may be wider at one side
    edge_width: float  # pixels in which the strongest edges rise, the median; about 2 in a sharp photograph


def detail_of(view: View) -> Detail:
    """Measure an image at its full size."""
    pixels = view.pixels
    own = _own_part(pixels)
    height, width, _ = own.shape
    top, left = round(height * MARGIN), round(width * MARGIN)
    grey = cv2.cvtColor(
        np.ascontiguousarray(own[top : height - top, left : width - left]), cv2.COLOR_RGB2GRAY
    )
    steepest = np.concatenate([_steepness(each) for each in (grey, grey.T)])
    return Detail(
        own_share=height * width / (pixels.size / 3),
        edge_width=1 / max(float(np.median(steepest)), 1 / REACH),
    )


def _own_part(pixels: Pixels) -> Pixels:
    inner = pixels
    for _ in range(2 * ROUNDS):  # rows, then columns
        first = _plain_rows(inner)
        if first == len(inner):
            return pixels
        inner = inner[first : len(inner) - _plain_rows(inner[::-1])].transpose(1, 0, 2)
    left = min(inner.shape[0] / pixels.shape[0], inner.shape[1] / pixels.shape[1])
    return inner if left >= LEAST_LEFT else pixels


def _plain_rows(pixels: Pixels) -> int:
    """How many rows, from the first, have its colour."""
    colour = np.median(pixels[:1], axis=1, keepdims=True)  # (1, 1, 3)
    for row, values in enumerate(pixels):
        if (np.abs(values - colour) > SAME).any():
            return row
    return len(pixels)


def _steepness(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """The largest step between neighbours in a row, over the whole rise, at each of the strongest edges."""
    rows = np.ascontiguousarray(grey[:: -(-grey.size // MOST_VALUES)], np.float32)
    steps = np.diff(rows, axis=1)
    rises = np.abs(cv2.boxFilter(steps, -1, (REACH, 1), normalize=False)).ravel()
    largest = cv2.dilate(np.abs(steps), np.ones((1, REACH), np.uint8)).ravel()
    count = min(max(round(len(rises) * SHARPEST), LEAST_PLACES), len(rises))
    strongest = np.argpartition(rises, -count)[-count:]
    return np.asarray(largest[strongest] / np.maximum(rises[strongest], 1), np.float32)
