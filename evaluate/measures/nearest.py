"""The nearest training images of whole sets of images, by pixels and by what an eye would call alike."""

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
    """For each of some images its nearest training image."""

    index: Indices  # (n,) in the training set
    mirrored: npt.NDArray[np.bool_]  # (n,) whether the training image's mirror image is the near one
    pixels: npt.NDArray[np.float64]  # (n,) root mean square difference in grey levels of 255
    bits: Indices  # (n,) of 256 in which their perceptual hashes differ

    @classmethod
    def of(cls, found: Sequence[Neighbour]) -> Self:
        """One of each image."""
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


def training_of(images: ImageSet, advance: Advance = lambda _: None) -> Training:
    """A set in which others are looked up."""
    return Training(images.count, images.resolution, images.read, advance=advance)


def neighbours_of(images: ImageSet, training: Training, advance: Advance = lambda _: None) -> Neighbours:
    """The nearest training image of each image of a set of the training set's resolution."""
    return Neighbours.of(_each(images, lambda _, image: training.nearest(image)[0], advance))


def neighbours_among(
    images: ImageSet, training: Training, advance: Advance = lambda _: None
) -> tuple[Neighbours, int]:
    """The nearest others of the training set's first images.

    Copies of an image are passed over; where nothing else is near, so is the image.

    Returns:
        Them, and how many of the images have copies among the others.
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
