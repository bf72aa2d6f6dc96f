"""The nearest training images of whole sets of images, by pixels and by perceptual hashes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from evaluate.sets.image_set import Advance, ImageSet
from fashion_pggan.storage.shards import Images
from generate.checks.neighbours import COPY_BITS, COPY_LEVELS, Neighbour, Training
from generate.sampling.sampler import workers

AT_ONCE = 256  # images

Indices = npt.NDArray[np.int64]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Neighbours:
    """The nearest training image of each of n images."""

    index: Indices  # (n,) in the training set
    mirrored: npt.NDArray[np.bool_]  # (n,) whether the training image is near when mirrored
    pixels: npt.NDArray[np.float64]  # (n,) root mean square difference in grey levels of 255
    bits: Indices  # (n,) differing bits of 256 of the perceptual hashes

    @classmethod
    def of(cls, found: Sequence[Neighbour]) -> Self:
        """The neighbours as columns."""
        return cls(
            np.array([one.index for one in found], dtype=np.int64),
            np.array([one.mirrored for one in found], dtype=np.bool_),
            np.array([one.distance for one in found], dtype=np.float64),
            np.array([one.bits for one in found], dtype=np.int64),
        )

    @property
    def copies(self) -> npt.NDArray[np.bool_]:
        """(n,) whether each image is a copy of its neighbour, by either measure."""
        return (self.pixels <= COPY_LEVELS) | (self.bits <= COPY_BITS)

    def closest(self, count: int, threshold: float) -> Indices:
        """Indices of the closest pairs by either measure, closest first.

        Args:
            count: of pairs.
            threshold: grey levels that count as near, as `COPY_BITS` bits do.
        """
        apart = np.minimum(self.pixels / threshold, self.bits / COPY_BITS)
        return np.argsort(apart, kind="stable")[:count]


def training_of(images: ImageSet, advance: Advance = lambda _: None) -> Training:
    """A set, prepared to look up neighbours in it."""
    return Training(images.count, images.resolution, images.read, advance=advance)


def neighbours_of(images: ImageSet, training: Training, advance: Advance = lambda _: None) -> Neighbours:
    """The nearest training image of each image of a set; the resolutions must be equal."""
    return Neighbours.of(_each(images, lambda _, image: training.nearest(image)[0], advance))


def neighbours_among(
    images: ImageSet, training: Training, advance: Advance = lambda _: None
) -> tuple[Neighbours, int]:
    """The nearest other training images of `images`, the first images of the training set.

    Copies of an image are passed over. An image whose candidates are all copies is left out.

    Returns:
        The neighbours, and how many of the images have copies in the training set.
    """
    found = _each(images, training.nearest_other, advance)
    return Neighbours.of([near for near, _ in found if near]), sum(copied for _, copied in found)


def _each(images: ImageSet, look_up: Callable[[int, Images], Found], advance: Advance) -> list[Found]:
    found: list[Found] = []
    for start in range(0, images.count, AT_ONCE):
        indices = range(start, min(start + AT_ONCE, images.count))
        found += workers().map(look_up, indices, images.read(indices))
        advance(len(indices))
    return found


def read_one(images: ImageSet, index: int, mirrored: bool) -> Images:
    """One image of a set, (r, r, 3), mirrored or not."""
    image: Images = images.read(range(index, index + 1))[0]
    return image[:, ::-1] if mirrored else image
