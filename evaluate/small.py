"""The distance of two small sets that lie in memory, as the training loop needs it."""

import numpy as np
import torch

from evaluate.descriptors import Descriptors, draw_places, patches_at
from evaluate.pyramid import laplacian_pyramid, levels_of
from evaluate.swd import PRINTED_TIMES, draw_directions, sliced_wasserstein
from fashion_pggan.shards import Pictures

SMALLEST = 16  # pixels, of a level
PATCHES = 128  # per picture and level
SIDE = 7  # pixels, of a patch
DIRECTIONS = 128


def distance_of(real: Pictures, fake: Pictures, *, seed: int) -> float:
    """The sliced Wasserstein distance, times 1000, averaged over the levels.

    Args:
        real: (n, r, r, 3) uint8, r a power of two from 16 on.
        fake: the same shape.
        seed: of patches and directions.
    """
    described = [_described(pictures, name, seed) for pictures, name in ((real, "real"), (fake, "fake"))]
    directions = draw_directions(seed, 0, 3 * SIDE**2, DIRECTIONS)
    distances = [sliced_wasserstein(one, other, directions) for one, other in zip(*described, strict=True)]
    return float(np.mean(distances)) * PRINTED_TIMES


def _described(pictures: Pictures, name: str, seed: int) -> list[Descriptors]:
    floats = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    levels = levels_of(floats.shape[-1], SMALLEST)
    return [
        Descriptors.of(
            patches_at(details, draw_places(seed, name, level, len(floats), PATCHES, SIDE), SIDE).numpy()
        )
        for level, details in zip(levels, laplacian_pyramid(floats, SMALLEST), strict=True)
    ]
