"""Randomness as a function of (seed, purpose, position), which needs no state in a checkpoint."""

import zlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def generator_at(seed: int, purpose: str, position: int) -> torch.Generator:
    """A random generator on the CPU that depends on its three arguments alone."""
    words = np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), position]).generate_state(
        2, np.uint32
    )
    return torch.Generator().manual_seed(int(words[0]) << 32 | int(words[1]))


def latents_of(seed: int, indices: range | list[int], latent_size: int) -> Tensor:
    """Latent vectors (n, latent_size) from N(0, 1); each depends only on the seed and its index."""
    rows = [torch.randn(latent_size, generator=generator_at(seed, "latent", index)) for index in indices]
    return torch.stack(rows)


def inputs_of(
    seed: int, indices: range | list[int], latent_size: int, label_shares: Sequence[float] = ()
) -> Tensor:
    """What a generator takes for each index: (n, latent_size + labels), a latent vector and a one-hot label.

    Args:
        seed: of latent vectors and labels.
        indices: of the images; each row depends on the seed and its own index alone.
        latent_size: of the generator.
        label_shares: how often each label is drawn, adding up to 1; empty: the generator takes no labels.
    """
    latents = latents_of(seed, indices, latent_size)
    if not label_shares:
        return latents
    bounds = torch.tensor(label_shares, dtype=torch.float64).cumsum(0)[:-1]
    drawn = [torch.rand((), generator=generator_at(seed, "label", index)) for index in indices]
    places = torch.searchsorted(bounds, torch.stack(drawn).double(), right=True)
    labels = torch.nn.functional.one_hot(places, len(label_shares))
    return torch.cat([latents, labels.to(latents.dtype)], dim=1)


def indices_at(images_shown: int, count: int, total: int, seed: int) -> npt.NDArray[np.int64]:
    """Which images are shown next.

    Each pass over the dataset is a new permutation, so each image is shown once per pass.

    Args:
        images_shown: images shown before.
        count: images wanted.
        total: images in the dataset.
        seed: of the run.
    """
    positions = np.arange(images_shown, images_shown + count)
    passes, places = positions // total, positions % total
    indices = np.empty(count, dtype=np.int64)
    for number in np.unique(passes):
        mine = passes == number
        indices[mine] = _permutation(seed, int(number), total)[places[mine]]
    return indices


@lru_cache(maxsize=2)
def _permutation(seed: int, number: int, total: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng([seed, number, total]).permutation(total)
