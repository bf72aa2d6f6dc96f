"""The training images nearest to an image: whether a generator repeats what it was shown.

Candidates are found among images reduced to few pixels and by perceptual hashes, as they are and mirrored;
the nearest are the closest of them at full size. Nothing in here depends on how many images are looked up
at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fashion_pggan.errors import UserError
from fashion_pggan.images.hashes.perceptual_hash import BITS, GREY_SIDE, bits_apart, perceptual_hash
from fashion_pggan.progress import Progress
from fashion_pggan.storage.shards import Dataset, Images
from generate.sampling.sampler import Sampler, workers

SIDE = 16  # pixels, at most, of the reduced images
CANDIDATES = 32  # looked at in full, of the nearest reduced images
HASHED = 8  # and of those whose hashes say that they are copies
AT_ONCE = 256  # images reduced at once
COMPARED = 1000  # training images, at most, whose own neighbours say what is usual
# What is a copy by either measure. Of 1,500 photographs no two are nearer than 14.9 and 52
# (docs/explanation/memorisation.md).
COPY_LEVELS = 4.0  # grey levels
COPY_BITS = 32  # of 256

Read = Callable[[range], Images]


@dataclass(frozen=True)
class Neighbour:
    """A training image near another image."""

    index: int  # in the dataset
    mirrored: bool  # whether its mirror image is the near one
    distance: float  # root mean square difference in grey levels of 255
    bits: int  # of 256 in which their perceptual hashes differ

    @property
    def copy(self) -> bool:
        """Whether one is a copy of the other, by either measure."""
        return is_copy(self.distance, self.bits)


@dataclass(frozen=True)
class Usual:
    """What is usual among training images."""

    distances: list[float]  # of each to its nearest other that is no copy of it
    copies: int  # how many have copies among the others


def is_copy(distance: float, bits: int) -> bool:
    """Whether images so far apart are copies, by either measure."""
    return distance <= COPY_LEVELS or bits <= COPY_BITS


class Training:
    """Images in which neighbours are looked up; each takes 3 KB of memory.

    Args:
        count: of images.
        resolution: pixels.
        read: gives images (n, resolution, resolution, 3) of a range of indices; from any thread.
        read_reduced: gives them at the side of which hashes are made, where that is less work.
        advance: told how many images were reduced.
    """

    def __init__(
        self,
        count: int,
        resolution: int,
        read: Read,
        *,
        read_reduced: Read | None = None,
        advance: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.count, self.resolution, self.read = count, resolution, read
        self.side = min(SIDE, resolution)
        self.hashes = np.empty((count, BITS // 8), dtype=np.uint8)
        reduced = torch.empty(count, 3 * self.side**2)
        for start in range(0, count, AT_ONCE):
            indices = range(start, min(start + AT_ONCE, count))
            rows, images = slice(indices.start, indices.stop), (read_reduced or read)(indices)
            small = _reduced(images, self.side)
            reduced[rows] = torch.from_numpy(small.reshape(len(indices), -1))
            self.hashes[rows] = list(workers().map(perceptual_hash, images))
            advance(len(indices))
        self.reduced = reduced  # (n, 3 side^2)
        self.squares = reduced.square().sum(dim=1)  # (n,)

    @classmethod
    def of_dataset(cls, dataset: Dataset) -> Self:
        """A dataset; indices count as it does."""
        side = min(GREY_SIDE, dataset.resolution)
        return cls(
            len(dataset),
            dataset.resolution,
            lambda indices: dataset.images(indices, dataset.resolution),
            read_reduced=lambda indices: dataset.images(indices, side),
        )

    @classmethod
    def of(cls, folder: Path, sampler: Sampler) -> Self:
        """The dataset that a snapshot was trained on.

        Raises:
            UserError: it is missing, or another.
        """
        dataset = Dataset(folder)
        if dataset.version != sampler.dataset_version:
            raise UserError(
                f"{folder} is dataset {dataset.version}, {sampler.snapshot} was trained on "
                f"{sampler.dataset_version}: give that one, or leave --data away"
            )
        return cls.of_dataset(dataset)

    def image(self, index: int) -> Images:
        """One of them, (resolution, resolution, 3)."""
        image: Images = self.read(range(index, index + 1))[0]
        return image

    def nearest(self, image: Images, count: int = 1, *, apart_from: int | None = None) -> list[Neighbour]:
        """The nearest training images of an image (resolution, resolution, 3): copies, then by distance.

        Args:
            image: to look up.
            count: how many are wanted; fewer come from a small dataset.
            apart_from: index of a training image that is left out.
        """
        sides = [np.ascontiguousarray(image), np.ascontiguousarray(image[:, ::-1])]
        apart = torch.stack([self._apart(each) for each in sides]).amin(dim=0)  # (n,)
        bits = np.stack([bits_apart(perceptual_hash(each), self.hashes) for each in sides])  # (2, n)
        if apart_from is not None:
            apart[apart_from], bits[:, apart_from] = torch.inf, BITS
        left = len(apart) - (apart_from is not None)
        places = apart.topk(min(max(CANDIDATES, count), left), largest=False).indices.tolist()
        every = {*places, *_copies(bits.min(axis=0))}
        found = [self._neighbour(sides, place, bits[:, place]) for place in every]
        return sorted(found, key=lambda one: (not one.copy, one.distance, one.index))[:count]

    def between_training_images(self) -> Usual:
        """Training images, evenly spread over the dataset, beside their nearest others.

        Raises:
            UserError: there is one image alone.
        """
        if self.count < 2:
            raise UserError("a dataset of one image has no distances: give its images more company")
        some = min(self.count, COMPARED)
        found = []
        with Progress("comparing training images", some, "images") as progress:
            places = [place * self.count // some for place in range(some)]
            for one in workers().map(self.nearest_other, places):
                found.append(one)
                progress.advance()
        distances = [near.distance for near, _ in found if near]
        return Usual(distances, sum(copied for _, copied in found))

    def nearest_other(self, index: int, image: Images | None = None) -> tuple[Neighbour | None, bool]:
        """The nearest other that is no copy of a training image, and whether there are copies of it.

        Args:
            index: of the training image.
            image: itself, where it was read already.
        """
        image = self.image(index) if image is None else image
        found = self.nearest(image, CANDIDATES + HASHED, apart_from=index)
        return next((one for one in found if not one.copy), None), any(one.copy for one in found)

    def _neighbour(self, sides: list[Images], index: int, bits: npt.NDArray[np.int64]) -> Neighbour:
        """A training image beside an image and its mirror image; it is the same which one is mirrored."""
        other = np.ascontiguousarray(self.image(index))
        apart = [float(np.sqrt(cv2.norm(each, other, cv2.NORM_L2SQR) / other.size)) for each in sides]
        by = (
            bits if bits.min() <= COPY_BITS else apart
        )  # a copy in another light is as far by pixels either way
        mirrored = bool(by[1] < by[0])
        return Neighbour(index, mirrored, apart[mirrored], int(bits.min()))

    def _apart(self, image: Images) -> Tensor:
        """Squared distances to all reduced images, up to a constant: (n,)."""
        row = torch.from_numpy(_reduced(image[None], self.side).reshape(-1)).float()
        return self.squares - 2 * (self.reduced @ row)


def _copies(bits: npt.NDArray[np.int64]) -> list[int]:
    """Places of the hashes that say that an image is a copy, closest first, `HASHED` at most."""
    places = np.flatnonzero(bits <= COPY_BITS)
    return [int(place) for place in places[np.argsort(bits[places], kind="stable")[:HASHED]]]


def _reduced(images: Images, side: int) -> Images:
    """Images (n, side, side, 3): means of squares."""
    return np.stack([cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA) for each in images])
