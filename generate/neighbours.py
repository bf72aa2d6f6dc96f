"""The training pictures nearest to a picture, by pixels: whether a generator repeats what it was shown.

Candidates are found among pictures reduced to few pixels, as they are and mirrored; the nearest are the
closest of them at full size. Nothing in here depends on how many pictures are looked up at once.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fashion_pggan.errors import UserError
from fashion_pggan.progress import Progress
from fashion_pggan.shards import Dataset, Pictures
from generate.sampler import Sampler, workers

SIDE = 16  # pixels, at most, of the reduced pictures
CANDIDATES = 32  # looked at in full
Wide = npt.NDArray[np.int32]

AT_ONCE = 1024  # pictures reduced at once
COMPARED = 1000  # training pictures, at most, whose own neighbours say what is usual


@dataclass(frozen=True)
class Neighbour:
    """A training picture near another picture."""

    index: int  # in the data set
    mirrored: bool  # whether its mirror image is the near one
    distance: float  # root mean square difference in grey levels of 255


class Training:
    """A data set in which neighbours are looked up.

    Args:
        dataset: the pictures.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset, self.resolution = dataset, dataset.resolution
        self.side = min(SIDE, dataset.resolution)
        self.reduced = torch.from_numpy(self._reduced())  # (n, 3 side^2)
        self.squares = self.reduced.square().sum(dim=1)  # (n,)

    @classmethod
    def of(cls, folder: Path, sampler: Sampler) -> "Training":
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
        return cls(dataset)

    def nearest(self, picture: Pictures, count: int = 1, *, apart_from: int | None = None) -> list[Neighbour]:
        """The nearest training pictures of a picture (resolution, resolution, 3), nearest first.

        Args:
            picture: to look up.
            count: how many are wanted; fewer come from a small data set.
            apart_from: index of a training picture that is left out.
        """
        apart = torch.stack([self._apart(picture), self._apart(picture[:, ::-1])], dim=1)  # (n, 2)
        closest, sides = apart.min(dim=1)
        if apart_from is not None:
            closest[apart_from] = torch.inf
        left = len(closest) - (apart_from is not None)
        places = closest.topk(min(max(CANDIDATES, count), left), largest=False).indices
        wide = picture.astype(np.int32)
        found = [self._measured(wide, int(place), bool(sides[place])) for place in places]
        return sorted(found, key=lambda one: (one.distance, one.index))[:count]

    def between_training_pictures(self) -> list[float]:
        """Distances of training pictures, evenly spread over the data set, to their nearest others.

        Raises:
            UserError: there is one picture alone.
        """
        total = len(self.dataset)
        if total < 2:
            raise UserError("a data set of one picture has no distances: give its pictures more company")
        chosen = [place * total // min(total, COMPARED) for place in range(min(total, COMPARED))]

        def one(index: int) -> float:
            picture = self.dataset.picture(index, self.resolution)
            return self.nearest(picture, apart_from=index)[0].distance

        distances = []
        with Progress("comparing training pictures", len(chosen), "pictures") as progress:
            for distance in workers().map(one, chosen):
                distances.append(distance)
                progress.advance()
        return distances

    def _measured(self, picture: Wide, index: int, mirrored: bool) -> Neighbour:
        return min(
            (self._neighbour(picture, index, flip) for flip in (mirrored, not mirrored)),
            key=lambda one: one.distance,
        )

    def _neighbour(self, picture: Wide, index: int, mirrored: bool) -> Neighbour:
        other = self.dataset.picture(index, self.resolution)
        squares = np.square(picture - (other[:, ::-1] if mirrored else other), dtype=np.int64)
        return Neighbour(index, mirrored, float(np.sqrt(squares.sum() / squares.size)))

    def _apart(self, picture: Pictures) -> Tensor:
        """Squared distances to all reduced pictures, up to a constant: (n,)."""
        factor = self.resolution // self.side
        boxes = picture.reshape(self.side, factor, self.side, factor, 3).astype(np.float32)
        row = torch.from_numpy(boxes.mean(axis=(1, 3)).reshape(-1))
        return self.squares - 2 * (self.reduced @ row)

    def _reduced(self) -> npt.NDArray[np.float32]:
        count = len(self.dataset)
        out = np.empty((count, 3 * self.side**2), dtype=np.float32)
        for start in range(0, count, AT_ONCE):
            indices = np.arange(start, min(start + AT_ONCE, count))
            out[indices[0] : indices[-1] + 1] = self.dataset.pictures(indices, self.side).reshape(
                len(indices), -1
            )
        return out
