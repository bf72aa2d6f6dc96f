"""The nearest training images of an image, to see whether a generator repeats them.

Images reduced to few pixels and perceptual hashes, each also mirrored, give candidates; the candidates are
compared at full size. The result does not depend on how many images are looked up at once.
"""

from collections.abc import Callable, Sequence
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
CANDIDATES = 32  # compared at full size, the nearest by reduced images
HASHED = 8  # at most, of copies by their hashes
AT_ONCE = 256  # images reduced at once
COMPARED = 1000  # training images, at most, whose own neighbours are looked up
# Limits of a copy, by either measure. No two of 1,500 photographs are nearer than 14.9 and 52:
# docs/explanation/memorisation.md.
COPY_LEVELS = 4.0  # grey levels
COPY_BITS = 32  # of 256
FLAT_LEVELS = 1.0  # standard deviation of grey levels, below which a hash says nothing

Read = Callable[[range], Images]


@dataclass(frozen=True)
class Neighbour:
    """A training image near another image."""

    index: int  # among those that are looked up, see `Training.numbers`
    mirrored: bool  # whether it is near when mirrored
    distance: float  # root mean square difference in grey levels of 255
    bits: int  # differing bits of 256 of the perceptual hashes

    @property
    def copy(self) -> bool:
        """Whether one image is a copy of the other, by either measure."""
        return is_copy(self.distance, self.bits)


@dataclass(frozen=True)
class Usual:
    """How near training images are to each other."""

    distances: list[float]  # from each to its nearest other image that is no copy of it
    copies: int  # number of images with copies among the others


def is_copy(distance: float, bits: int) -> bool:
    """Whether two images at these distances are copies, by either measure."""
    return distance <= COPY_LEVELS or bits <= COPY_BITS


class Training:
    """Training images, prepared to look up neighbours among them; each takes 3 KB of memory.

    Args:
        count: of images.
        resolution: pixels.
        read: reads images (n, resolution, resolution, 3) of a range of indices, in any thread.
        read_reduced: reads them at the side that hashes need, if that is less work.
        numbers: of the images in their dataset; their indices by default.
        advance: called with the number of images that were reduced.
    """

    def __init__(
        self,
        count: int,
        resolution: int,
        read: Read,
        *,
        read_reduced: Read | None = None,
        numbers: Sequence[int] | None = None,
        advance: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.count, self.resolution, self.read = count, resolution, read
        self.numbers = range(count) if numbers is None else numbers
        self.side = min(SIDE, resolution)
        self.hashes = np.empty((count, BITS // 8), dtype=np.uint8)
        self.flat = np.empty(count, dtype=np.bool_)
        reduced = torch.empty(count, 3 * self.side**2)
        for start in range(0, count, AT_ONCE):
            indices = range(start, min(start + AT_ONCE, count))
            rows, images = slice(indices.start, indices.stop), (read_reduced or read)(indices)
            small = _reduced(images, self.side)
            reduced[rows] = torch.from_numpy(small.reshape(len(indices), -1))
            self.flat[rows] = _flat(small)
            self.hashes[rows] = list(workers().map(perceptual_hash, images))
            advance(len(indices))
        self.reduced = reduced  # (n, 3 side^2)
        self.squares = reduced.square().sum(dim=1)  # (n,)

    @classmethod
    def of_dataset(cls, dataset: Dataset) -> Self:
        """The images of a dataset that training is shown: those that are not held out."""
        side = min(GREY_SIDE, dataset.resolution)
        shown = np.flatnonzero(~dataset.held_out)
        return cls(
            len(shown),
            dataset.resolution,
            lambda indices: dataset.images(shown[indices.start : indices.stop], dataset.resolution),
            read_reduced=lambda indices: dataset.images(shown[indices.start : indices.stop], side),
            numbers=shown.tolist(),
        )

    @classmethod
    def of(cls, folder: Path, sampler: Sampler) -> Self:
        """The images that a snapshot was trained on.

        Raises:
            UserError: the dataset is missing, or is not the snapshot's.
        """
        dataset = Dataset(folder)
        if dataset.version != sampler.dataset_version:
            raise UserError(
                f"{folder} is dataset {dataset.version}, but {sampler.snapshot} was trained on "
                f"{sampler.dataset_version}: give that dataset, or leave out --data"
            )
        return cls.of_dataset(dataset)

    def image(self, index: int) -> Images:
        """One image, (resolution, resolution, 3)."""
        image: Images = self.read(range(index, index + 1))[0]
        return image

    def nearest(self, image: Images, count: int = 1, *, apart_from: int | None = None) -> list[Neighbour]:
        """The nearest training images of an image (resolution, resolution, 3): copies, then by distance.

        Args:
            image: to look up.
            count: number of neighbours; a small dataset gives fewer.
            apart_from: index of a training image to leave out.
        """
        sides = [np.ascontiguousarray(image), np.ascontiguousarray(image[:, ::-1])]
        apart = torch.stack([self._apart(each) for each in sides]).amin(dim=0)  # (n,)
        bits = np.stack([bits_apart(perceptual_hash(each), self.hashes) for each in sides])  # (2, n)
        bits[:, self.flat | _flat(_reduced(image[None], self.side))] = BITS
        if apart_from is not None:
            apart[apart_from], bits[:, apart_from] = torch.inf, BITS
        left = len(apart) - (apart_from is not None)
        places = apart.topk(min(max(CANDIDATES, count), left), largest=False).indices.tolist()
        every = {*places, *_copies(bits.min(axis=0))}
        found = [self._neighbour(sides, place, bits[:, place]) for place in every]
        return sorted(found, key=lambda one: (not one.copy, one.distance, one.index))[:count]

    def between_training_images(self) -> Usual:
        """How near training images, evenly spread over the dataset, are to their nearest others.

        Raises:
            UserError: there is only one image.
        """
        if self.count < 2:
            raise UserError("a dataset of one image has no distances: give a dataset of 2 or more")
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
        """A training image's nearest other that is no copy of it, and whether it has copies.

        Args:
            index: of the training image.
            image: the image itself, if already read.
        """
        image = self.image(index) if image is None else image
        found = self.nearest(image, CANDIDATES + HASHED, apart_from=index)
        return next((one for one in found if not one.copy), None), any(one.copy for one in found)

    def repeats(self) -> int:
        """The number of images that are copies of an earlier one, by hashes or by reduced images."""
        return sum(self._repeats(place) for place in range(1, self.count))

    def _repeats(self, place: int) -> bool:
        before = self.reduced[:place]
        levels = (before - self.reduced[place]).square().mean(dim=1).amin().sqrt()
        if levels <= COPY_LEVELS:
            return True
        bits = bits_apart(self.hashes[place], self.hashes[:place])
        return not self.flat[place] and bool((bits[~self.flat[:place]] <= COPY_BITS).any())

    def _neighbour(self, sides: list[Images], index: int, bits: npt.NDArray[np.int64]) -> Neighbour:
        """A training image compared with an image and its mirror image."""
        other = np.ascontiguousarray(self.image(index))
        apart = [float(np.sqrt(cv2.norm(each, other, cv2.NORM_L2SQR) / other.size)) for each in sides]
        # Pixels cannot tell whether a darker copy is mirrored, so hashes decide.
        by = bits if bits.min() <= COPY_BITS else apart
        mirrored = bool(by[1] < by[0])
        return Neighbour(index, mirrored, apart[mirrored], int(bits.min()))

    def _apart(self, image: Images) -> Tensor:
        """Squared distances to all reduced images, up to a constant: (n,)."""
        row = torch.from_numpy(_reduced(image[None], self.side).reshape(-1)).float()
        return self.squares - 2 * (self.reduced @ row)


def _copies(bits: npt.NDArray[np.int64]) -> list[int]:
    """Indices of copies by their hashes, closest first, at most `HASHED`."""
    places = np.flatnonzero(bits <= COPY_BITS)
    return [int(place) for place in places[np.argsort(bits[places], kind="stable")[:HASHED]]]


def _flat(images: Images) -> npt.NDArray[np.bool_]:
    """Which of images (n, side, side, 3) have no contrast: (n,)."""
    grey = images.mean(axis=-1).reshape(len(images), -1)
    flat: npt.NDArray[np.bool_] = grey.std(axis=1) < FLAT_LEVELS
    return flat


def _reduced(images: Images, side: int) -> Images:
    """Images reduced to (n, side, side, 3) by area averaging."""
    return np.stack([cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA) for each in images])
