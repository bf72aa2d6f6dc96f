"""The averaged generator, of which snapshots are taken."""

import torch
from torch import nn


@torch.no_grad()
def update(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move all parameters of `average` towards `network`'s: network + (average - network) * decay."""
    torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - decay)
