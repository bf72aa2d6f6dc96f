"""The processes of a training, one per device, as torchrun starts them."""

import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from fashion_pggan.errors import PassingError
from train.processes.rendezvous import stay_on_loopback

PEER = timedelta(seconds=50)  # that a step waits for the others before it takes one of them for dead
WORK = timedelta(days=7)  # that the others wait while one verifies, writes or compiles
LAUNCHED = "fashion-pggan"  # torchrun's name for a training that train.processes started
LOST = 74  # status of a process of it that lost another one, as EX_IOERR; its starter says why


@dataclass(frozen=True)
class Ranks:
    """This process among those that train together."""

    rank: int
    count: int
    device: torch.device
    local_rank: int = 0  # among those of this machine
    local_count: int = 1  # on this machine
    steps: Any = None  # group that waits for PEER, on the CPU
    works: Any = None  # group that waits for WORK, on the CPU

    @property
    def first(self) -> bool:
        """Whether this is the process that writes files."""
        return self.rank == 0


def join(device: torch.device) -> Ranks:
    """Join the other processes, if torchrun started any; only the first one logs then.

    After an elastic restart the store may still hold addresses of processes that have ended. So each attempt
    has its own keys.

    Raises:
        PassingError: another process has ended.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Ranks(0, 1, device)
    stay_on_loopback()
    store, rank, count = next(dist.rendezvous("env://"))  # type: ignore[attr-defined]  # as documented
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    cuda = device.type == "cuda"
    local = (int(os.environ.get(name, "0")) for name in ("LOCAL_RANK", "LOCAL_WORLD_SIZE"))
    here = Ranks(rank, count, device, *local)
    with meeting(here):
        dist.init_process_group(
            "nccl" if cuda else "gloo",
            store=dist.PrefixStore(f"attempt-{attempt}", store),  # type: ignore[attr-defined]  # as documented
            rank=rank,
            world_size=count,
            timeout=PEER,
            device_id=device if cuda else None,
        )
        if not here.first:
            logging.getLogger().setLevel(logging.ERROR)
        steps, works = (dist.new_group(backend="gloo", timeout=timeout) for timeout in (PEER, WORK))
    return replace(here, steps=steps, works=works)


def leave(ranks: Ranks) -> None:
    """Leave the process group once all processes are here."""
    if ranks.count > 1:
        wait_for_all(ranks)
        dist.destroy_process_group()


@contextmanager
def meeting(ranks: Ranks) -> Iterator[None]:
    """Turn the loss of other processes into an error that says so.

    Raises:
        PassingError: another process has ended, or does not answer.
        SystemExit: another process has ended, and `train.processes` started both: the starter says how.
    """
    began = time.monotonic()
    try:
        yield
    except RuntimeError as error:
        who = f"process {ranks.rank} of {ranks.count}"
        if time.monotonic() - began >= PEER.total_seconds():
            raise PassingError(
                f"{who} waited {PEER.total_seconds():g} s for the others, and one does not answer: "
                "look for what holds it, then run again to resume from the last checkpoint"
            ) from error
        if os.environ.get("TORCHELASTIC_RUN_ID") == LAUNCHED:
            sys.exit(LOST)
        raise PassingError(
            f"{who} lost the others: read the output of the one that ended first, then run again to resume "
            "from the last checkpoint"
        ) from error


def wait_for_all(ranks: Ranks) -> None:
    """Wait until all processes are here, whatever they do before.

    Raises:
        PassingError: another process has ended.
    """
    if ranks.count > 1:
        with meeting(ranks):
            dist.barrier(ranks.works)


def largest_of(number: int, ranks: Ranks) -> int:
    """The largest number of all processes; no device is waited for.

    Raises:
        PassingError: another process has ended, or does not answer.
    """
    if ranks.count == 1:
        return number
    held = torch.tensor(number)
    with meeting(ranks):
        dist.all_reduce(held, dist.ReduceOp.MAX, ranks.steps)
    return int(held)


def share_from_first(tensors: Iterable[torch.Tensor], values: dict[str, Any], ranks: Ranks) -> dict[str, Any]:
    """Give every process the first one's tensors, in place, and return the first one's values.

    Raises:
        PassingError: another process has ended.
    """
    if ranks.count == 1:
        return values
    wait_for_all(ranks)
    held = [values]
    with meeting(ranks):
        for tensor in tensors:
            dist.broadcast(tensor, 0)
        dist.broadcast_object_list(held, 0, group=ranks.works)
    return held[0]
