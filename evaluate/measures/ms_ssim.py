"""Multi-scale structural similarity (MS-SSIM) of pairs of one set: lower is more variation.

Source: Wang, Simoncelli and Bovik 2003, as Karras et al. 2018 use it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  # the name that every PyTorch reader knows
from torch import Tensor

from evaluate.comparison.distances import Estimate, plain
from evaluate.sets.image_set import Advance, ImageSet
from fashion_pggan.distance.work import Work
from fashion_pggan.progress import Progress

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the scales, finest first
FILTER, SIGMA = 11, 1.5  # pixels; both shrink for smaller images
STABLE_LUMA, STABLE_CONTRAST = (0.01 * 255) ** 2, (0.03 * 255) ** 2
SMALLEST = 2 ** (len(WEIGHTS) - 1)  # pixels


@dataclass(frozen=True)
class Variation:
    """The mean similarity of pairs of a set."""

    pairs: int
    similarity: Estimate  # 0 to 1; pairs are independent, so the standard error is that of a mean


def variation(images: ImageSet, minibatch: int, work: Work, advance: Advance) -> Variation:
    """Measure pairs (0, 1), (2, 3), ... of a set.

    Args:
        images: the set; the last image is left out if their number is odd.
        minibatch: number of pairs compared at once.
        work: where to compute.
        advance: called with the number of images that were done.

    Raises:
        ValueError: there is no pair, or the images are smaller than 16 px.
    """
    if images.count < 2 or images.resolution < SMALLEST:
        raise ValueError(
            f"{images.count} images of {images.resolution} px have no similarity: give 2 or more of "
            f"{SMALLEST} px or more"
        )
    found = torch.cat(list(_similarities(images, minibatch, work, advance)))
    error = float(found.std()) / math.sqrt(len(found)) if len(found) > 1 else None
    return Variation(len(found), Estimate(float(found.mean()), error))


def beside_real(
    fakes: ImageSet, reals: ImageSet, pairs: int, minibatch: int, work: Work
) -> dict[str, Any] | None:
    """The similarity of as many pairs of generated as of real images, for JSON; None if there can be none."""
    if not pairs or reals.resolution < SMALLEST:
        return None
    with Progress("comparing pairs", 4 * pairs, "images") as progress:
        made, real = (
            variation(each.part(0, 2 * pairs, each.name), minibatch, work, progress.advance)
            for each in (fakes, reals)
        )
    return {"pairs": pairs, "generated": plain(made.similarity), "real": plain(real.similarity)}


def _similarities(images: ImageSet, minibatch: int, work: Work, advance: Advance) -> Iterator[Tensor]:
    end = images.count // 2 * 2
    for start in range(0, end, 2 * minibatch):
        pixels = torch.from_numpy(images.read(range(start, min(start + 2 * minibatch, end))))
        planes = pixels.to(work.torch_device).permute(0, 3, 1, 2).float()
        yield ms_ssim(planes[0::2], planes[1::2]).cpu()
        advance(len(pixels))


def ms_ssim(one: Tensor, other: Tensor) -> Tensor:
    """The similarity of images (n, 3, r, r), 0 to 255, pair by pair: (n,) in float64."""
    one, other = one.double(), other.double()
    similarity = one.new_ones(len(one))
    for scale, weight in enumerate(WEIGHTS):
        whole, contrast = _ssim(one, other)
        last = scale == len(WEIGHTS) - 1
        similarity = similarity * (whole if last else contrast).clamp(min=0) ** weight
        if not last:
            one, other = F.avg_pool2d(one, 2), F.avg_pool2d(other, 2)
    return similarity


def _ssim(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Structural similarity and its contrast term, means over pixels and channels: (n,) each."""
    size = min(FILTER, one.shape[-1])
    mean, mean_other = _smooth(one, size), _smooth(other, size)
    variance = _smooth(one * one, size) - mean**2
    variance_other = _smooth(other * other, size) - mean_other**2
    covariance = _smooth(one * other, size) - mean * mean_other
    contrast = (2 * covariance + STABLE_CONTRAST) / (variance + variance_other + STABLE_CONTRAST)
    luma = (2 * mean * mean_other + STABLE_LUMA) / (mean**2 + mean_other**2 + STABLE_LUMA)
    return (luma * contrast).mean(dim=(1, 2, 3)), contrast.mean(dim=(1, 2, 3))


def _smooth(planes: Tensor, size: int) -> Tensor:
    """A Gaussian filter of `size` pixels, only where it lies within the image."""
    sigma = size * SIGMA / FILTER
    places = torch.arange(size, device=planes.device, dtype=planes.dtype) - (size - 1) / 2
    taps = torch.exp(-(places**2) / (2 * sigma**2))
    taps = (taps / taps.sum()).expand(planes.shape[1], 1, -1)
    rows = F.conv2d(planes, taps.unsqueeze(2), groups=planes.shape[1])
    return F.conv2d(rows, taps.unsqueeze(3), groups=planes.shape[1])
