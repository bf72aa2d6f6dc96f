"""Pairs of thumbnails in; which of them look alike from afar, so that they are worth aligning, out.

Each thumbnail is averaged to a few cells, which moving and turning it slightly hardly changes.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Thumbnails = npt.NDArray[np.uint8]  # (k, 48, 48, 3)

CELLS = 6  # along each side
BANNER_CELLS = 2  # rows that a banner along one edge may change
MOST, SHARE = (
    26.0,
    0.9,
)  # grey levels by which this share of all values differs at most; 25.6 among 2,556 copies
PULL = 25.0  # squared grey levels, towards a gain of 1 where an image is plain


def alike(parts: Thumbnails, wholes: Thumbnails, cuts: Floats) -> npt.NDArray[np.bool_]:
    """Whether two images may be copies, apart from brightness, contrast, and a strip along one edge: (k,).

    Args:
        parts: of k pairs.
        wholes: likewise.
        cuts: (k, 2), the shares of height and width that the part lacks at each edge.
    """
    one, other = _cells(parts, np.zeros_like(cuts)), _cells(wholes, cuts)
    found = np.zeros(len(parts), np.bool_)
    for rows in (np.s_[:], np.s_[BANNER_CELLS:], np.s_[:-BANNER_CELLS]):
        x, y = (cells[:, rows].reshape(len(parts), -1) for cells in (one, other))
        found |= _usual_difference(x, y) <= MOST
    return found


def _cells(thumbnails: Thumbnails, cuts: Floats) -> Floats:
    """(k, CELLS, CELLS, 3): means, of the inner parts."""
    count, side = thumbnails.shape[:2]
    down, across = _weights(cuts[:, 0], side), _weights(cuts[:, 1], side)  # (k, CELLS, 48)
    rows = down @ thumbnails.reshape(count, side, -1).astype(np.float32)  # (k, CELLS, 48 * 3)
    rows = rows.reshape(count, CELLS, side, 3).transpose(0, 2, 1, 3)  # (k, 48, CELLS, 3)
    cells = across @ rows.reshape(count, side, -1)  # (k, CELLS, CELLS * 3)
    return np.asarray(cells.reshape(count, CELLS, CELLS, 3).transpose(0, 2, 1, 3), np.float32)


def _weights(cuts: Floats, side: int) -> Floats:
    """How much each of `side` pixels counts for each cell between the cuts: (k, CELLS, side)."""
    edges = (cuts[:, None] + (1 - 2 * cuts[:, None]) * np.linspace(0, 1, CELLS + 1)) * side  # (k, CELLS + 1)
    pixels = np.arange(side)
    covered = np.minimum(edges[:, 1:, None], pixels + 1) - np.maximum(edges[:, :-1, None], pixels)
    covered = np.maximum(covered, 0)
    return np.asarray(covered / covered.sum(axis=2, keepdims=True), np.float32)


def _usual_difference(x: Floats, y: Floats) -> Floats:
    """The difference that `SHARE` of the values keep below, after a change of gain and offset: (k,)."""
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    x_square, y_square = ((some * some).mean(axis=1, keepdims=True) for some in (x, y))
    x, y = np.where(x_square < y_square, (x, y), (y, x))  # the one of less contrast predicts the other
    gain = ((x * y).mean(axis=1, keepdims=True) + PULL) / (np.minimum(x_square, y_square) + PULL)
    return np.asarray(np.quantile(np.abs(gain * x - y), SHARE, axis=1), np.float32)
