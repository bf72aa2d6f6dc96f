"""Real pictures for the critic: which ones, and in what form, as functions of the images shown."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fashion_pggan.shards import Dataset
from train.networks import downscale, upscale
from train.randomness import generator_at
from train.schedule import Phase


def indices_at(images_shown: int, count: int, total: int, seed: int) -> npt.NDArray[np.int64]:
    """Which pictures are shown next.

    Each pass over the data set is a new permutation, so each picture is shown once per pass.

    Args:
        images_shown: pictures shown before.
        count: pictures wanted.
        total: pictures in the data set.
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


def reals_at(
    dataset: Dataset, images_shown: int, phase: Phase, *, seed: int, mirror: bool, rank: int, ranks: int
) -> Tensor:
    """This process's share of the minibatch that is shown after `images_shown` pictures.

    Ranks take every `ranks`-th picture, so that together they see what one process would.

    Returns:
        (n, 3, r, r) float32 in [-1, 1] on the CPU, faded as the phase says.
    """
    indices = indices_at(images_shown, phase.minibatch, len(dataset), seed)
    pixels = torch.from_numpy(dataset.pictures(indices[rank::ranks], phase.resolution))
    pictures = pixels.permute(0, 3, 1, 2).float() * (2 / 255) - 1  # (n, 3, r, r)
    if mirror:
        flips = torch.rand(phase.minibatch, generator=generator_at(seed, "mirror", images_shown)) < 0.5
        pictures = torch.where(flips[rank::ranks].view(-1, 1, 1, 1), pictures.flip(3), pictures)
    return faded(pictures, phase.fade)


def faded(pictures: Tensor, fade: float) -> Tensor:
    """Pictures with the share `fade` of their own half resolution, as the generator's are in a transition."""
    return torch.lerp(pictures, upscale(downscale(pictures)), fade) if fade else pictures
