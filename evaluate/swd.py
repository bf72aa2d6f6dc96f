"""The sliced Wasserstein distance between two sets of descriptors.

Source: Karras et al. 2018, section 5; Rabin et al. 2011.
"""

import numpy as np
import torch
from torch import Tensor

from evaluate.descriptors import CHUNK, Descriptors

DIRECTIONS_AT_ONCE = 32
PRINTED_TIMES = 1e3  # the paper prints distances times a thousand


def draw_directions(seed: int, repeat: int, size: int, count: int) -> Tensor:
    """Random unit columns (size, count), float32, normalised in float64."""
    columns = np.random.default_rng([seed, repeat]).standard_normal((size, count))
    return torch.from_numpy((columns / np.linalg.norm(columns, axis=0)).astype(np.float32))


def sliced_wasserstein(real: Descriptors, fake: Descriptors, directions: Tensor) -> float:
    """Mean 1-D Wasserstein-1 distance along given unit directions.

    Each set is brought to zero mean and unit variance per colour channel by its own statistics.

    Args:
        real: n descriptors of d components.
        fake: n descriptors of d components.
        directions: (d, k) unit columns.

    Returns:
        The distance in descriptor standard deviations; the paper prints it times 1000.

    Raises:
        ValueError: the shapes differ, so sorted projections cannot be paired.
    """
    if real.values.shape != fake.values.shape:
        raise ValueError(
            f"{real.values.shape} real and {fake.values.shape} generated descriptors cannot be paired: "
            "give sets of equal size"
        )
    total = 0.0
    for block in torch.split(directions, DIRECTIONS_AT_ONCE, dim=1):
        ours, theirs = (_projected(descriptors, block).sort(dim=1).values for descriptors in (real, fake))
        total += float((ours - theirs).abs_().double().mean(dim=1).sum())
    return total / directions.shape[1]


def _projected(descriptors: Descriptors, directions: Tensor) -> Tensor:
    """Projections (k, n); the normalisation is folded into the directions, so that nothing is copied."""
    size = descriptors.values.shape[1]
    means, scales = (
        torch.from_numpy(np.repeat(numbers, size // 3))[:, None]
        for numbers in (descriptors.means, 1 / np.maximum(descriptors.deviations, 1e-12))
    )
    scaled = directions.double() * scales  # (d, k)
    offsets = (scaled * means).sum(dim=0).float()[:, None]  # (k, 1)
    out = torch.empty(directions.shape[1], len(descriptors.values))
    columns = scaled.float().T.contiguous()  # (k, d)
    for start in range(0, len(descriptors.values), CHUNK):
        part = torch.from_numpy(np.asarray(descriptors.values[start : start + CHUNK]))
        out[:, start : start + len(part)] = columns @ part.T - offsets
    return out
