"""Which of several kernels for the same operation a CUDA device runs."""

import torch


def try_kernels(device: torch.device) -> None:
    """Let cuDNN time its kernels for each shape once, and keep the fastest: a phase's shapes are fixed."""
    torch.backends.cudnn.benchmark = device.type == "cuda"
