"""The nearest training picture of each picture: whether a generator repeats what it was shown.

Candidates are found among pictures reduced to few pixels, as they are and mirrored; the closest of them by
pixels at full size is the nearest.
"""

from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np
import numpy.typing as npt

from evaluate.comparison import Advance, PictureSet
from fashion_pggan.shards import Dataset, Pictures

SIDE = 16  # pixels, side of the reduced pictures
CANDIDATES = 8  # looked at in full
AT_ONCE = 256  # pictures
HASH_SIDE, HASH_BITS_SIDE = 64, 16  # pixels that are transformed, lowest frequencies kept per axis

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Neighbours:
    """For each of some pictures its nearest training picture."""

    index: Indices  # (n,) in the training set
    mirrored: npt.NDArray[np.bool_]  # (n,) whether the training picture's mirror image is the near one
    pixels: npt.NDArray[np.float64]  # (n,) root mean square difference in grey levels of 255
    bits: npt.NDArray[np.int64]  # (n,) of 256 in which their perceptual hashes differ

    def closest(self, count: int) -> Indices:
        """Places of the closest pairs, closest first."""
        return np.argsort(self.pixels, kind="stable")[:count]


class NearestIn:
    """A training set, described once; pictures are looked up in it, as many at a time as one likes.

    Memory is 3 KB per training picture; the candidates themselves are read from the set at each look-up.

    Args:
        training: two pictures or more.
        advance: told how many pictures were described.
    """

    def __init__(self, training: PictureSet, advance: Advance = lambda _: None) -> None:
        self.training = training
        self._reduced = _reduce_set(training, advance)

    @classmethod
    def of_dataset(cls, dataset: Dataset, advance: Advance = lambda _: None) -> Self:
        """A data set at its own resolution; `Neighbours.index` counts as the data set does."""

        def read(indices: range) -> Pictures:
            return dataset.pictures(indices, dataset.resolution)

        return cls(PictureSet("reals", len(dataset), dataset.resolution, read, dataset.version), advance)

    def lookup(self, pixels: Pictures, own: range | None = None) -> Neighbours:
        """The nearest training picture of each picture.

        Args:
            pixels: (n, r, r, 3) uint8, of the training set's resolution.
            own: where `pixels` are in the training set themselves; none is then its own neighbour.
        """
        near = _candidates(pixels, self._reduced, own)
        found = [
            _best(picture, candidates, flips, self.training)
            for picture, (flips, candidates) in zip(pixels, near, strict=True)
        ]
        index, mirrored, distance, bits = zip(*found, strict=True)
        return Neighbours(np.array(index), np.array(mirrored), np.array(distance), np.array(bits))

    def lookup_all(self, pictures: PictureSet, advance: Advance, *, themselves: bool = False) -> Neighbours:
        """The nearest training picture of each picture of a set.

        Args:
            pictures: to look up.
            advance: told how many pictures were done.
            themselves: `pictures` are the training set's first ones; none is its own neighbour.
        """
        parts = []
        for start in range(0, pictures.count, AT_ONCE):
            indices = range(start, min(start + AT_ONCE, pictures.count))
            parts.append(self.lookup(pictures.read(indices), indices if themselves else None))
            advance(len(indices))
        joined = (np.concatenate(each) for each in zip(*map(_columns, parts), strict=True))
        return Neighbours(*joined)


def _columns(found: Neighbours) -> tuple[npt.NDArray[Any], ...]:
    return found.index, found.mirrored, found.pixels, found.bits


def _reduce_set(pictures: PictureSet, advance: Advance) -> Floats:
    """All pictures at 16 x 16 px, a row each: (n, 768)."""
    out = np.empty((pictures.count, SIDE * SIDE * 3), dtype=np.float32)
    for start in range(0, pictures.count, AT_ONCE):
        indices = range(start, min(start + AT_ONCE, pictures.count))
        out[indices.start : indices.stop] = _reduced(pictures.read(indices))
        advance(len(indices))
    return out


def perceptual_hash(picture: Pictures) -> npt.NDArray[np.bool_]:
    """256 bits: which low frequencies of the brightness are above their median."""
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (HASH_SIDE, HASH_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:HASH_BITS_SIDE, :HASH_BITS_SIDE].flatten()
    bits: npt.NDArray[np.bool_] = low > np.median(low)
    return bits


def _reduced(pictures: Pictures) -> Floats:
    rows = [cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA).flatten() for picture in pictures]
    return np.stack(rows).astype(np.float32)


def _candidates(
    pixels: Pictures, reduced: Floats, own: range | None
) -> list[tuple[npt.NDArray[np.bool_], Indices]]:
    """For each picture the training pictures near it, each with whether it is mirrored."""
    both = np.concatenate([_apart(_reduced(each), reduced) for each in (pixels, pixels[:, :, ::-1])], axis=1)
    count = len(reduced)
    if own is not None:
        rows = np.arange(len(own))
        both[rows, list(own)] = both[rows, np.array(own) + count] = np.inf
    few = min(CANDIDATES, both.shape[1] - 1)
    places = np.argpartition(both, few - 1, axis=1)[:, :few]
    return [(row >= count, row % count) for row in places]


def _apart(some: Floats, others: Floats) -> Floats:
    """Squared distances up to a constant per row: (n, m)."""
    apart: Floats = np.square(others).sum(axis=1) - 2 * (some @ others.T)
    return apart


def _best(
    picture: Pictures, candidates: Indices, flips: npt.NDArray[np.bool_], training: PictureSet
) -> tuple[int, bool, float, int]:
    others = [read_one(training, index, flip) for index, flip in zip(candidates, flips, strict=True)]
    apart = [float(np.sqrt(np.square(picture.astype(np.float32) - other).mean())) for other in others]
    place = int(np.argmin(apart))
    bits = int((perceptual_hash(picture) != perceptual_hash(others[place])).sum())
    return int(candidates[place]), bool(flips[place]), apart[place], bits


def read_one(pictures: PictureSet, index: int, mirrored: bool) -> Pictures:
    """One picture of a set, (r, r, 3), mirrored or not."""
    picture: Pictures = pictures.read(range(index, index + 1))[0]
    return picture[:, ::-1] if mirrored else picture
