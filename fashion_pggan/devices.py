"""The device that a command computes on, from its option --device."""

import os

import torch

from fashion_pggan.errors import ArgumentError


def device_of(name: str) -> torch.device:
    """The named device; a CUDA device becomes the current one.

    Args:
        name: `auto` (this process's CUDA device where there is any), `cpu`, `cuda` or `cuda:N`.

    Raises:
        ArgumentError: it does not exist here.
    """
    here = torch.cuda.device_count()
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if name == "auto":
        name = "cuda" if here else "cpu"
    try:
        device = torch.device(f"cuda:{local}" if name == "cuda" else name)
    except RuntimeError:
        raise ArgumentError(f"--device {name}: give auto, cpu, cuda or cuda:N") from None
    if device.type == "cuda":
        if (device.index or 0) >= here:
            raise ArgumentError(
                f"--device {name}: this machine has {here} CUDA devices: give another number, or cpu"
            )
        torch.cuda.set_device(device)
    return device
