"""The distance between two small sets in memory, for the training loop."""

import numpy as np
import torch

from fashion_pggan.distance.descriptors import CHANNELS, Descriptors, draw_centres, patches_at
from fashion_pggan.distance.pyramid import gaussian_pyramid, levels_of
from fashion_pggan.distance.swd import PRINTED_TIMES, draw_directions, sliced_wasserstein
from fashion_pggan.distance.work import Work
from fashion_pggan.storage.shards import Images

SMALLEST = 16  # pixels, of the coarsest level
PATCHES = 128  # per image and level
SIDE = 7  # pixels, of a patch
DIRECTIONS = 128


def distance_of(real: Images, fake: Images, *, seed: int) -> float:
    """The sliced Wasserstein distance, times 1000, averaged over the levels.

    Args:
        real: (n, r, r, 3) uint8, r a power of two from 16 on.
        fake: the same shape.
        seed: for patch centres and directions.
    """
    work = Work()
    described = [_described(images, name, seed, work) for images, name in ((real, "real"), (fake, "fake"))]
    directions = draw_directions(seed, 0, CHANNELS * SIDE**2, DIRECTIONS)
    distances = [
        sliced_wasserstein(one, other, directions, work).mean() for one, other in zip(*described, strict=True)
    ]
    return float(np.mean(distances)) * PRINTED_TIMES


def _described(images: Images, name: str, seed: int, work: Work) -> list[Descriptors]:
    smoothed = gaussian_pyramid(torch.from_numpy(images), SMALLEST, work)
    levels = levels_of(images.shape[1], SMALLEST)
    described = []
    for level, here, below in zip(levels, smoothed, [*smoothed[1:], None], strict=True):
        centres = draw_centres(seed, name, level, len(images), PATCHES, SIDE)
        described.append(Descriptors.of(patches_at(here, below, centres, SIDE), len(images)))
    return described
