"""One process per device: who is who under torchrun, and what they tell each other."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist

from fashion_pggan.errors import PassingError, UserError


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
    """Find the other processes, if torchrun started any.

    After an elastic restart the store may still hold the addresses of processes that have ended, so that each
    attempt has keys of its own.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Ranks(0, 1, device)
    store, rank, count = next(dist.rendezvous("env://"))  # type: ignore[attr-defined]  # as documented
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    dist.init_process_group(
        "nccl" if device.type == "cuda" else "gloo",
        store=dist.PrefixStore(f"attempt-{attempt}", store),  # type: ignore[attr-defined]  # as documented
        rank=rank,
        world_size=count,
    )
    return Ranks(dist.get_rank(), dist.get_world_size(), device)


def leave(ranks: Ranks) -> None:
    """Part from the other processes, after all have come this far."""
    if ranks.count > 1:
        dist.barrier()
        dist.destroy_process_group()


def average_over(vector: torch.Tensor, ranks: Ranks) -> None:
    """Replace a vector by its mean over all processes.

    Raises:
        PassingError: another process has ended.
    """
    if ranks.count == 1:
        return
    try:
        dist.all_reduce(vector)
    except RuntimeError as error:
        raise PassingError(
            f"process {ranks.rank} of {ranks.count} lost the others ({str(error).split('. ')[0]}): the "
            "cause is in the output of the one that ended first; run again to go on from the last checkpoint"
        ) from error
    vector /= ranks.count


def share_from_first(tensors: Iterable[torch.Tensor], values: dict[str, Any], ranks: Ranks) -> dict[str, Any]:
    """Give every process the first one's tensors, in place, and return the first one's values."""
    if ranks.count == 1:
        return values
    for tensor in tensors:
        dist.broadcast(tensor, 0)
    held = [values]
    dist.broadcast_object_list(held, 0, device=ranks.device)
    return held[0]
