"""Gradient norms of a network, level by level."""

from collections import defaultdict

import torch
from torch import Tensor, nn

FIRST = {"blocks": 8, "to_rgb": 4, "from_rgb": 4}  # pixels, of a list's first entry; each next one has twice


def resolution_of(name: str) -> int:
    """The resolution in pixels at which a parameter works, by its name in generator or critic."""
    part, _, rest = name.partition(".")
    return FIRST[part] << int(rest.split(".")[0]) if part in FIRST else 4


def norms_by_level(network: nn.Module) -> dict[int, float]:
    """L2 norm of the gradients at each resolution, as the last step left them; waits for the device once.

    Levels without gradient, which the run has not reached, are left out.
    """
    levels: dict[int, list[Tensor]] = defaultdict(list)
    for name, parameter in network.named_parameters():
        if parameter.grad is not None:
            levels[resolution_of(name)].append(parameter.grad)
    if not levels:
        return {}
    squares = [torch.stack(torch._foreach_norm(levels[level])).square().sum() for level in sorted(levels)]
    return dict(zip(sorted(levels), torch.stack(squares).sqrt().tolist(), strict=True))
