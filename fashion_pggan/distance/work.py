"""Where to compute: with NumPy and OpenCV on the CPU's cores, or with PyTorch on a device."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

import torch
from torch import Tensor

from fashion_pggan.cores import usable_cores

COMPUTING_BYTES = 4_000_000_000  # on a device, for projections and their sorting

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Work:
    """Where to compute. `workers` never changes a result; `device` changes rounding alone."""

    workers: int = field(default_factory=usable_cores)  # threads
    device: torch.device | None = None  # None: the CPU; on a device, descriptors stay there if they fit

    @classmethod
    def on(cls, device: torch.device, workers: int | None = None) -> "Work":
        """Work on a device. On the CPU NumPy computes, because it sorts many times faster than PyTorch."""
        return cls(workers or usable_cores(), None if device.type == "cpu" else device)

    @property
    def torch_device(self) -> torch.device:
        """The device for tensors."""
        return self.device or torch.device("cpu")

    def has_room(self, size: int) -> bool:
        """Whether `size` bytes of descriptors fit on the device beside the memory for computing."""
        if self.device is None:
            return False
        return self.device.type != "cuda" or size + COMPUTING_BYTES < torch.cuda.mem_get_info(self.device)[0]

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Apply `function` to each item, in order. On the CPU threads do so, with one PyTorch thread each.

        `function` must not call `each`: it would wait for a free thread forever.
        """
        if self.device is not None:
            return [function(item) for item in items]
        return list(_pool(self.workers).map(function, items))


def moved(values: Tensor, device: torch.device) -> Tensor:
    """Values of the CPU on a device. A CUDA device is not waited for."""
    if device.type != "cuda":
        return values.to(device)
    return pinned(values, device).to(device, non_blocking=True)


def pinned(values: Tensor, device: torch.device) -> Tensor:
    """Values in memory from which a CUDA device copies by itself; for any other device as they are."""
    return values if device.type != "cuda" or values.is_pinned() else values.pin_memory()


@cache
def _pool(workers: int) -> ThreadPoolExecutor:
    """Threads that stay alive: new ones would allocate their memory each time."""
    return ThreadPoolExecutor(workers, "measure", torch.set_num_threads, (1,))
