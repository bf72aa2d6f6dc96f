"""The processes of a training, one per device, as torchrun starts them."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist


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


def join(device: torch.device) -> Ranks:
    """Join the other processes, if torchrun started any.

    After an elastic restart the store may still hold addresses of processes that have ended. So each attempt
    has keys of its own.
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
    """Leave the process group once all processes are here."""
    if ranks.count > 1:
        dist.barrier()
        dist.destroy_process_group()


def share_from_first(tensors: Iterable[torch.Tensor], values: dict[str, Any], ranks: Ranks) -> dict[str, Any]:
    """Give every process the first one's tensors, in place, and return the first one's values."""
    if ranks.count == 1:
        return values
    for tensor in tensors:
        dist.broadcast(tensor, 0)
    held = [values]
    dist.broadcast_object_list(held, 0, device=ranks.device)
    return held[0]
