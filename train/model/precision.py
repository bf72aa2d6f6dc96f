"""Which numbers may be rounded to fewer bits, and where."""

import torch

HALVES = (torch.bfloat16, torch.float16)


def autocast(device: torch.device, *, enabled: bool) -> torch.autocast:
    """Products of float32 tensors in bfloat16, or not; a device without such a mode counts as the CPU."""
    kind = device.type if device.type in ("cpu", "cuda") else "cpu"
    return torch.autocast(kind, torch.bfloat16, enabled=enabled)


def set_precision(precision: str) -> None:
    """Allow CUDA to round the inputs of float32 products to TF32, unless `precision` is `float32`."""
    fast = precision != "float32"
    torch.set_float32_matmul_precision("high" if fast else "highest")
    torch.backends.cudnn.allow_tf32 = fast
