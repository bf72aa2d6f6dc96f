"""The training pictures nearest to a picture, by pixels: whether a generator repeats what it was shown.

Candidates are found among pictures reduced to few pixels, as they are and mirrored; the nearest are the
closest of them at full size. Nothing in here depends on how many pictures are looked up at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import torch
from torch import Tensor

from fashion_pggan.errors import UserError
from fashion_pggan.progress import Progress
from fashion_pggan.shards import Dataset, Pictures
from generate.sampler import Sampler, workers

SIDE = 16  # pixels, at most, of the reduced pictures
CANDIDATES = 32  # looked at in full
AT_ONCE = 256  # pictures reduced at once
COMPARED = 1000  # training pictures, at most, whose own neighbours say what is usual

Read = Callable[[range], Pictures]


@dataclass(frozen=True)
class Neighbour:
    """A training picture near another picture."""

    index: int  # in the data set
    mirrored: bool  # whether its mirror image is the near one
    distance: float  # root mean square difference in grey levels of 255


class Training:
    """Pictures in which neighbours are looked up; each takes 3 KB of memory.

    Args:
        count: of pictures.
        resolution: pixels.
        read: gives pictures (n, resolution, resolution, 3) of a range of indices; from any thread.
        read_reduced: gives them at `SIDE` pixels, where that is less work than reducing them.
        advance: told how many pictures were reduced.
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
        reduced = torch.empty(count, 3 * self.side**2)
        for start in range(0, count, AT_ONCE):
            indices = range(start, min(start + AT_ONCE, count))
            pictures = read_reduced(indices) if read_reduced else _reduced(read(indices), self.side)
            reduced[indices.start : indices.stop] = torch.from_numpy(pictures.reshape(len(indices), -1))
            advance(len(indices))
        self.reduced = reduced  # (n, 3 side^2)
        self.squares = reduced.square().sum(dim=1)  # (n,)

    @classmethod
    def of_dataset(cls, dataset: Dataset) -> Self:
        """A data set; indices count as it does."""
        side = min(SIDE, dataset.resolution)
        return cls(
            len(dataset),
            dataset.resolution,
            lambda indices: dataset.pictures(indices, dataset.resolution),
            read_reduced=lambda indices: dataset.pictures(indices, side),
        )

    @classmethod
    def of(cls, folder: Path, sampler: Sampler) -> Self:
        """The data set that a snapshot was trained on.

        Raises:
            UserError: it is missing, or another.
        """
        dataset = Dataset(folder)
        if dataset.version != sampler.dataset_version:
            raise UserError(
                f"{folder} is data set {dataset.version}, {sampler.snapshot} was trained on "
                f"{sampler.dataset_version}: give that one, or leave --data away"
            )
        return cls.of_dataset(dataset)

    def picture(self, index: int) -> Pictures:
        """One of them, (resolution, resolution, 3)."""
        picture: Pictures = self.read(range(index, index + 1))[0]
        return picture

    def nearest(self, picture: Pictures, count: int = 1, *, apart_from: int | None = None) -> list[Neighbour]:
        """The nearest training pictures of a picture (resolution, resolution, 3), nearest first.

        Args:
            picture: to look up.
            count: how many are wanted; fewer come from a small data set.
            apart_from: index of a training picture that is left out.
        """
        sides = [np.ascontiguousarray(picture), np.ascontiguousarray(picture[:, ::-1])]
        apart = torch.stack([self._apart(each) for each in sides]).amin(dim=0)  # (n,)
        if apart_from is not None:
            apart[apart_from] = torch.inf
        left = len(apart) - (apart_from is not None)
        places = apart.topk(min(max(CANDIDATES, count), left), largest=False).indices
        found = [self._neighbour(sides, int(place)) for place in places]
        return sorted(found, key=lambda one: (one.distance, one.index))[:count]

    def between_training_pictures(self) -> list[float]:
        """Distances of training pictures, evenly spread over the data set, to their nearest others.

        Raises:
            UserError: there is one picture alone.
        """
        if self.count < 2:
            raise UserError("a data set of one picture has no distances: give its pictures more company")
        some = min(self.count, COMPARED)

        def one(index: int) -> float:
            return self.nearest(self.picture(index), apart_from=index)[0].distance

        distances = []
        with Progress("comparing training pictures", some, "pictures") as progress:
            for distance in workers().map(one, [place * self.count // some for place in range(some)]):
                distances.append(distance)
                progress.advance()
        return distances

    def _neighbour(self, sides: list[Pictures], index: int) -> Neighbour:
        """A training picture beside a picture and its mirror image; it is the same which one is mirrored."""
        other = np.ascontiguousarray(self.picture(index))
        plain, mirrored = (cv2.norm(each, other, cv2.NORM_L2SQR) for each in sides)
        return Neighbour(index, mirrored < plain, float(np.sqrt(min(plain, mirrored) / other.size)))

    def _apart(self, picture: Pictures) -> Tensor:
        """Squared distances to all reduced pictures, up to a constant: (n,)."""
        row = torch.from_numpy(_reduced(picture[None], self.side).reshape(-1)).float()
        return self.squares - 2 * (self.reduced @ row)


def _reduced(pictures: Pictures, side: int) -> Pictures:
    """Pictures (n, side, side, 3): means of squares."""
    return np.stack([cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA) for each in pictures])
