"""Randomness as a function of (seed, purpose, position): nothing to store, nothing to restore."""

import zlib

import numpy as np
import torch
from torch import Tensor


def generator_at(seed: int, purpose: str, position: int) -> torch.Generator:
    """A random generator on the CPU that depends on its three arguments alone."""
    words = np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), position]).generate_state(
        2, np.uint32
    )
    return torch.Generator().manual_seed(int(words[0]) << 32 | int(words[1]))


def latents_of(seed: int, indices: range | list[int], latent_size: int) -> Tensor:
    """Latent vectors (n, latent_size) from N(0, 1); the one of an index depends on seed and index alone."""
    rows = [torch.randn(latent_size, generator=generator_at(seed, "latent", index)) for index in indices]
    return torch.stack(rows)
