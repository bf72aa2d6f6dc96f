"""Makes images of the same latent vectors throughout a run, and measures how much they differ."""

import math

import numpy as np
import torch
from torch import Tensor, nn

from fashion_pggan.images.grid import sheet_of
from fashion_pggan.storage.shards import Dataset, Images
from train.model.networks import Generator, as_pixels, upscale

AT_ONCE = 16  # images made together, so that the largest resolution fits beside a training
COMPARED = 64  # images of the dataset whose standard deviation is taken


@torch.no_grad()
def images_of(generator: nn.Module, latents: Tensor, lod: float) -> Tensor:
    """Images (n, 3, r, r) in [-1, 1], clamped, at the native resolution r of `lod`."""
    parts = [generator(part, lod).float() for part in torch.split(latents, AT_ONCE)]
    return torch.cat(parts).clamp_(-1, 1)


def grid_of(generator: Generator, latents: Tensor, lod: float, columns: int) -> Images:
    """The sample grid (h, w, 3) of a generator: an image for each latent vector, at the final resolution."""
    made = images_of(generator, latents, lod)
    pixels = as_pixels(upscale(made, generator.architecture.resolution // made.shape[-1]))
    return sheet_of(pixels, columns)


def stddev_over(images: Tensor) -> float:
    """Root mean square, over all pixels and colours, of the standard deviation over images (n, 3, r, r)."""
    return float(images.float().var(dim=0, correction=0).mean().sqrt())


def stddev_of(dataset: Dataset, resolution: int) -> float:
    """The same for a dataset, also in [-1, 1], from images spread evenly over it."""
    chosen = np.linspace(0, len(dataset) - 1, min(COMPARED, len(dataset))).round().astype(np.int64)
    pixels = torch.from_numpy(dataset.images(chosen, resolution))  # (n, r, r, 3)
    return stddev_over(pixels.float() * (2 / 255) - 1)


def distance_between(stddev: float, resolution: int) -> float:
    """L2 distance of two images of a set with this standard deviation, root mean square over pairs.

    The Wasserstein distance between two such sets, which the critic's score gap estimates at the final
    resolution where its slope is 1, cannot be many times as large.
    """
    return stddev * math.sqrt(2 * 3 * resolution**2)
