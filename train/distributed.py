"""One process per device: who is who under torchrun, and the mean of gradients."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import nn

from fashion_pggan.errors import UserError


@dataclass(frozen=True)
class Ranks:
    """This process among those that train together."""

    rank: int
    count: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this is the process that writes files."""
        return self.rank == 0


def join(device: str = "auto") -> Ranks:
    """Find the other processes, if torchrun started any.

    Args:
        device: `auto` (a CUDA device per process where there are any), `cpu`, `cuda` or `cuda:N`.

    Raises:
        UserError: the device does not exist here.
    """
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if device == "auto":
        device = f"cuda:{local}" if torch.cuda.is_available() else "cpu"
    elif device == "cuda":
        device = f"cuda:{local}"
    chosen = torch.device(device)
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise UserError(
            f"--device {device}: this machine has {torch.cuda.device_count()} CUDA devices: "
            "choose another, or cpu"
        )
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Ranks(0, 1, chosen)
    dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    return Ranks(dist.get_rank(), dist.get_world_size(), chosen)


def leave(ranks: Ranks) -> None:
    """Part from the other processes, after all have come this far."""
    if ranks.count > 1:
        dist.barrier()
        dist.destroy_process_group()


def average_gradients(network: nn.Module, ranks: Ranks) -> None:
    """Replace each gradient by its mean over all processes: one sum over one flat tensor."""
    if ranks.count == 1:
        return
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= ranks.count
    _spread(flat, gradients)


def _spread(flat: torch.Tensor, tensors: Iterable[torch.Tensor]) -> None:
    start = 0
    for tensor in tensors:
        tensor.copy_(flat[start : start + tensor.numel()].view_as(tensor))
        start += tensor.numel()
