"""Decides that an image is a copy: pairs with similar hashes in, those whose thumbnails agree out."""

from collections.abc import Iterator, Sequence
from itertools import product

import cv2
import numpy as np
import numpy.typing as npt

from curate.copies.groups import Pairs
from curate.facts.fingerprint import THUMBNAIL_SIDE

GAINS = (0.7, 1.4)  # brightness of a copy over that of the original
MOST_MEAN = 4.0  # grey levels between thumbnails of copies, on average
MOST_HIGH = 12.0  # grey levels; 95 % of the differences stay below
PART_TIMES = 1.8  # times as much for a part: its edges do not lie on whole pixels
FINER = 2  # times as many pixels for the final place of a part
# The smallest correlation of a part with its place: over few sizes, over all sizes, with finer pixels.
LEAST_ROUGHLY, LEAST_LIKELY, LEAST_LIKENESS = 0.88, 0.93, 0.965
SMALLEST_PART = 26  # pixels of 32: a crop takes off at most a fifth of a side


def alike(thumbnails: npt.NDArray[np.uint8], pairs: Pairs, *, mirrored: bool = False) -> Pairs:
    """The pairs whose thumbnails agree apart from brightness; smaller index first."""
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    kept = [pairs[:0]]
    for part in _chunks(pairs):
        one = thumbnails[part[:, 0]].astype(np.float32)
        other = thumbnails[part[:, 1]].astype(np.float32)
        if mirrored:
            other = other[:, :, ::-1]
        kept.append(part[_close(one, other)])
    return np.concatenate(kept)


def _close(
    one: npt.NDArray[np.float32], other: npt.NDArray[np.float32], times: float = 1.0
) -> npt.NDArray[np.bool_]:
    """Whether images (n, h, w, 3) agree once equally bright; `times` widens the limits."""
    one, other = one.reshape(len(one), -1), other.reshape(len(other), -1)
    gain = (one * other).sum(axis=1) / np.maximum((one * one).sum(axis=1), 1.0)
    lit = np.clip(one * gain[:, None], 0, 255)
    difference = np.abs(lit - other)
    close = difference.mean(axis=1) <= MOST_MEAN * times
    close &= np.percentile(difference, 95, axis=1) <= MOST_HIGH * times
    return np.asarray(close & (gain >= GAINS[0]) & (gain <= GAINS[1]))


def parts_among(thumbnails: npt.NDArray[np.uint8], pairs: Pairs, count: int) -> Pairs:
    """Pairs of which one shows the other without its edges; enough pairs to connect each group."""
    group = list(range(count))

    def root(index: int) -> int:
        while group[index] != index:
            group[index] = group[group[index]]
            index = group[index]
        return index

    kept = []
    for whole, part in pairs.tolist():
        one, other = root(whole), root(part)
        if one != other and _is_part(thumbnails[whole], thumbnails[part]):
            group[max(one, other)] = min(one, other)
            kept.append(sorted((whole, part)))
    return np.asarray(kept, np.int64).reshape(-1, 2)


def _is_part(whole: npt.NDArray[np.uint8], part: npt.NDArray[np.uint8]) -> bool:
    """Whether a thumbnail, slightly reduced, lies within another: searched coarsely, then at half pixels."""
    sides = range(SMALLEST_PART, THUMBNAIL_SIDE + 1)
    likeness, _ = _best_place(whole, part, [(side, side) for side in sides[::2]])
    if likeness < LEAST_ROUGHLY:
        return False
    likeness, (_, _, width, height) = _best_place(whole, part, list(product(sides, sides)))
    if likeness < LEAST_LIKELY:
        return False
    finer = cv2.resize(whole, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_CUBIC)
    widths, heights = (
        range(FINER * side - FINER, min(FINER * side + FINER, len(finer)) + 1) for side in (width, height)
    )
    likeness, (left, top, width, height) = _best_place(finer, part, list(product(widths, heights)))
    if likeness < LEAST_LIKENESS:
        return False
    found = finer[top : top + height, left : left + width].astype(np.float32)
    smaller = _resized(part, width, height).astype(np.float32)
    return bool(_close(found[None], smaller[None], PART_TIMES)[0])


def _resized(part: npt.NDArray[np.uint8], width: int, height: int) -> npt.NDArray[np.uint8]:
    how = cv2.INTER_AREA if max(width, height) <= THUMBNAIL_SIDE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (width, height), interpolation=how), np.uint8)


def _best_place(
    whole: npt.NDArray[np.uint8], part: npt.NDArray[np.uint8], sizes: Sequence[tuple[int, int]]
) -> tuple[float, tuple[int, int, int, int]]:
    """The largest correlation of the part, reduced to one of these sizes, with a place in the whole."""
    best, place = -1.0, (0, 0, 0, 0)
    for width, height in sizes:
        smaller = _resized(part, width, height)
        likeness = cv2.matchTemplate(whole, smaller, cv2.TM_CCOEFF_NORMED)
        _, most, _, (left, top) = cv2.minMaxLoc(likeness)
        if most > best:
            best, place = most, (left, top, width, height)
    return best, place


def _chunks(pairs: Pairs) -> Iterator[Pairs]:
    for start in range(0, len(pairs), 1024):
        yield pairs[start : start + 1024]
