"""Gradient norms of a network, level by level."""

from collections import defaultdict

import torch
from torch import Tensor, nn

from train.model.flat import pieces_of

FIRST = {"blocks": 8, "to_rgb": 4, "from_rgb": 4}  # pixels, of a list's first entry; each next one doubles it


def resolution_of(name: str) -> int:
    """The resolution in pixels at which a parameter works, by its name in generator or critic."""
    part, _, rest = name.partition(".")
    return FIRST[part] << int(rest.split(".")[0]) if part in FIRST else 4


def norms_by_level(network: nn.Module, gradient: Tensor) -> dict[int, float]:
    """L2 norm of a gradient at each resolution; waits for the device once.

    Levels that the run has not reached, whose gradient is zero, are left out.

    Args:
        network: generator or critic.
        gradient: (parameters,), as `train.model.flat.vector_of` lays them.
    """
    levels: dict[int, list[Tensor]] = defaultdict(list)
    names, parameters = zip(*network.named_parameters(), strict=True)
    for name, piece in zip(names, pieces_of(gradient, parameters), strict=True):
        levels[resolution_of(name)].append(piece)
    squares = [torch.stack(torch._foreach_norm(levels[level])).square().sum() for level in sorted(levels)]
    norms = torch.stack(squares).sqrt().tolist()
    return {level: norm for level, norm in zip(sorted(levels), norms, strict=True) if norm != 0}
