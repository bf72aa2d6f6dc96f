"""The nearest training pictures of whole sets of pictures, by pixels and by what an eye would call alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from evaluate.comparison.compare import Advance, PictureSet
from fashion_pggan.shards import Pictures
from generate.checks.neighbours import COPY_BITS, COPY_LEVELS, Neighbour, Training
from generate.sampling.sampler import workers

AT_ONCE = 256  # pictures

Indices = npt.NDArray[np.int64]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Neighbours:
    """For each of some pictures its nearest training picture."""

    index: Indices  # (n,) in the training set
    mirrored: npt.NDArray[np.bool_]  # (n,) whether the training picture's mirror image is the near one
    pixels: npt.NDArray[np.float64]  # (n,) root mean square difference in grey levels of 255
    bits: Indices  # (n,) of 256 in which their perceptual hashes differ

    @classmethod
    def of(cls, found: Sequence[Neighbour]) -> Self:
        """One of each picture."""
        return cls(
            np.array([one.index for one in found], dtype=np.int64),
            np.array([one.mirrored for one in found], dtype=np.bool_),
            np.array([one.distance for one in found], dtype=np.float64),
            np.array([one.bits for one in found], dtype=np.int64),
        )

    @property
    def copies(self) -> npt.NDArray[np.bool_]:
        """(n,) which are copies of their nearest, by either measure."""
        return (self.pixels <= COPY_LEVELS) | (self.bits <= COPY_BITS)

    def closest(self, count: int, threshold: float) -> Indices:
        """Places of the closest pairs by either measure, closest first.

        Args:
            count: how many.
            threshold: grey levels that count as near, as `COPY_BITS` bits do.
        """
        apart = np.minimum(self.pixels / threshold, self.bits / COPY_BITS)
        return np.argsort(apart, kind="stable")[:count]


def training_of(pictures: PictureSet, advance: Advance = lambda _: None) -> Training:
    """A set in which others are looked up."""
    return Training(pictures.count, pictures.resolution, pictures.read, advance=advance)


def neighbours_of(pictures: PictureSet, training: Training, advance: Advance = lambda _: None) -> Neighbours:
    """The nearest training picture of each picture of a set of the training set's resolution."""
    return Neighbours.of(_each(pictures, lambda _, picture: training.nearest(picture)[0], advance))


def neighbours_among(
    pictures: PictureSet, training: Training, advance: Advance = lambda _: None
) -> tuple[Neighbours, int]:
    """The nearest others of the training set's first pictures.

    Copies of a picture are passed over; where nothing else is near, so is the picture.

    Returns:
        Them, and how many of the pictures have copies among the others.
    """
    found = _each(pictures, training.nearest_other, advance)
    return Neighbours.of([near for near, _ in found if near]), sum(copied for _, copied in found)


def _each(pictures: PictureSet, look_up: Callable[[int, Pictures], Found], advance: Advance) -> list[Found]:
    found: list[Found] = []
    for start in range(0, pictures.count, AT_ONCE):
        indices = range(start, min(start + AT_ONCE, pictures.count))
        found += workers().map(look_up, indices, pictures.read(indices))
        advance(len(indices))
    return found


def read_one(pictures: PictureSet, index: int, mirrored: bool) -> Pictures:
    """One picture of a set, (r, r, 3), mirrored or not."""
    picture: Pictures = pictures.read(range(index, index + 1))[0]
    return picture[:, ::-1] if mirrored else picture
