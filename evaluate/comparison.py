"""Two streams of pictures in, their distance per level out."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from evaluate.descriptors import DescriptorFile, Descriptors, draw_places, patches_at
from evaluate.pyramid import laplacian_pyramid, levels_of
from evaluate.swd import PRINTED_TIMES, draw_directions, sliced_wasserstein
from evaluate.table import Distances
from fashion_pggan.params import EvaluateParams
from fashion_pggan.shards import Pictures

CHANNELS = 3


@dataclass(frozen=True)
class PictureSet:
    """Pictures that can be read from the start as often as wanted."""

    name: str  # sets with other names have their patches at other places
    count: int
    resolution: int  # pixels
    read: Callable[[range], Pictures]  # indices -> (n, r, r, 3) uint8

    def first(self, count: int) -> "PictureSet":
        """The first `count` of them."""
        return PictureSet(self.name, count, self.resolution, self.read)


class Scratch:
    """A temporary folder for descriptors; use as a context manager."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="fashion-pggan-swd-")

    def __enter__(self) -> Path:
        return Path(self.folder.__enter__())

    def __exit__(self, *error: object) -> None:
        self.folder.cleanup()


def describe(
    pictures: PictureSet, params: EvaluateParams, folder: Path, advance: Callable[[int], None]
) -> dict[int, Descriptors]:
    """The descriptors of a set at each level, finest first.

    Args:
        pictures: the set.
        params: the evaluate section.
        folder: where the descriptors are kept; they memory-map.
        advance: told how many pictures were done.
    """
    levels = levels_of(pictures.resolution, params.smallest_level)
    size = CHANNELS * params.patch_side**2
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        level: DescriptorFile(folder / f"{level}.npy", pictures.count * params.patches_per_image, size)
        for level in levels
    }
    places = {
        level: draw_places(
            params.seed, pictures.name, level, pictures.count, params.patches_per_image, params.patch_side
        )
        for level in levels
    }
    for indices, pixels in _minibatches(pictures, params.minibatch):
        floats = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
        for level, details in zip(levels, laplacian_pyramid(floats, params.smallest_level), strict=True):
            chosen = places[level][indices.start : indices.stop]
            files[level].append(patches_at(details, chosen, params.patch_side))
        advance(len(indices))
    return {level: file.finish() for level, file in files.items()}


def compare(real: dict[int, Descriptors], fake: dict[int, Descriptors], params: EvaluateParams) -> Distances:
    """The distances between two described sets."""
    by_level = {}
    for level, descriptors in real.items():
        repeats = [
            sliced_wasserstein(
                descriptors,
                fake[level],
                draw_directions(params.seed, repeat, descriptors.values.shape[1], params.directions),
            )
            for repeat in range(params.repeats)
        ]
        by_level[level] = float(np.mean(repeats)) * PRINTED_TIMES
    return Distances(by_level)


def _minibatches(pictures: PictureSet, size: int) -> Iterator[tuple[range, Pictures]]:
    for start in range(0, pictures.count, size):
        indices = range(start, min(start + size, pictures.count))
        yield indices, pictures.read(indices)
