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


def device_of(name: str) -> torch.device:
    """The device that a person means, made the current one if it is a CUDA device.

    Args:
        name: `auto` (this process's CUDA device where there is any), `cpu`, `cuda` or `cuda:N`.

    Raises:
        UserError: it does not exist here.
    """
    here = torch.cuda.device_count()
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if name == "auto":
        name = "cuda" if here else "cpu"
    try:
        device = torch.device(f"cuda:{local}" if name == "cuda" else name)
    except RuntimeError:
        raise UserError(f"--device {name}: no such kind of device: use auto, cpu, cuda or cuda:N") from None
    if device.type == "cuda":
        if (device.index or 0) >= here:
            raise UserError(f"--device {name}: this machine has {here} CUDA devices: choose another, or cpu")
        torch.cuda.set_device(device)
    return device


def join(device: torch.device) -> Ranks:
    """Find the other processes, if torchrun started any."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Ranks(0, 1, device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return Ranks(dist.get_rank(), dist.get_world_size(), device)


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
