"""Adam as published, and steps that are skipped when a gradient is not finite.

Source: Karras et al. 2018, section A.1; docs/conformance.md.
"""

import math
from collections.abc import Iterable

import torch
from torch import nn

from fashion_pggan.params import TrainParams


def adam(network: nn.Module, params: TrainParams) -> torch.optim.Adam:
    """A fresh optimiser for all of a network's parameters; the learning rate is given at each step."""
    return torch.optim.Adam(
        network.parameters(),
        lr=params.learning_rate_base,
        betas=(params.adam_beta1, params.adam_beta2),
        eps=params.adam_epsilon,
        foreach=True,
    )


def step_if_finite(optimizer: torch.optim.Adam, learning_rate: float, params: TrainParams) -> bool:
    """Take a step unless any gradient is infinite or not a number.

    Parameters without gradient (levels that are not reached yet) are left alone.

    Returns:
        Whether the step was taken; when not, weights and optimiser state are as before.
    """
    group = optimizer.param_groups[0]
    gradients = [parameter.grad for parameter in group["params"] if parameter.grad is not None]
    if not all_finite(gradients):
        return False
    group["lr"] = learning_rate
    group["eps"] = _uncorrected(params.adam_epsilon, optimizer, params.adam_beta2)
    optimizer.step()
    return True


def all_finite(tensors: Iterable[torch.Tensor]) -> bool:
    """Whether no element is infinite or not a number."""
    norms = torch._foreach_norm(list(tensors))
    return bool(torch.isfinite(torch.stack(norms)).all()) if norms else True


def _uncorrected(epsilon: float, optimizer: torch.optim.Adam, beta2: float) -> float:
    """The published optimiser adds epsilon before it corrects the second moment's bias, PyTorch's after."""
    taken = max((int(state["step"]) for state in optimizer.state.values()), default=0)
    return epsilon / math.sqrt(1 - beta2 ** (taken + 1))
