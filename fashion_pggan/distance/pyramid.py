"""Laplacian pyramids: what each level adds to an image.

Source: Karras et al. 2018, section 5; Burt and Adelson 1983.
"""

from collections.abc import Iterator

import cv2
import torch
import torch.nn.functional as F  # noqa: N812  # the name that every PyTorch reader knows
from torch import Tensor

from fashion_pggan.distance.devices import Work

BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def levels_of(resolution: int, smallest: int) -> list[int]:
    """Resolutions of a pyramid, largest first: `resolution`, half of it, ..., `smallest`.

    Raises:
        ValueError: there is no such pyramid.
    """
    if resolution < smallest or resolution & (resolution - 1):
        raise ValueError(
            f"a pyramid down to {smallest} px needs a power of two from there on, not {resolution}"
        )
    return [resolution >> step for step in range((resolution // smallest).bit_length())]


def laplacian_pyramid(images: Tensor, smallest: int) -> Iterator[Tensor]:
    """The levels of images, largest first; the last one is the low-pass remainder itself.

    Args:
        images: (n, 3, r, r) float32, 0 to 255.
        smallest: resolution of the last level.

    Yields:
        (n, 3, s, s) for s = r, r/2, ..., smallest.
    """
    while images.shape[-1] > smallest:
        below = pyramid_down(images)
        yield images - pyramid_up(below)
        images = below
    yield images


def gaussian_pyramid(images: Tensor, smallest: int, work: Work) -> list[Tensor]:
    """Images and their smoothed halves, largest first; what Laplacian levels are the differences of.

    Args:
        images: (n, r, r, 3) uint8.
        smallest: resolution of the last level.
        work: on cores OpenCV does it, image by image.

    Returns:
        (n, s, s, 3) float32 for s = r, r/2, ..., smallest.
    """
    levels = [images.to(work.torch_device).float()]
    while levels[-1].shape[1] > smallest:
        levels.append(_halves(levels[-1], work))
    return levels


def _halves(images: Tensor, work: Work) -> Tensor:
    if work.device is not None:
        return pyramid_down(images.permute(0, 3, 1, 2)).permute(0, 2, 3, 1).contiguous()
    n, side, _, channels = images.shape
    halves = torch.empty(n, side // 2, side // 2, channels)
    for image, half in zip(images.numpy(), halves.numpy(), strict=True):
        cv2.pyrDown(image, half, borderType=cv2.BORDER_REFLECT_101)
    return halves


def pyramid_down(images: Tensor) -> Tensor:
    """Smooth and take every second row and column: (n, c, r, r) -> (n, c, r/2, r/2)."""
    return _smooth(images, 2)


def pyramid_up(images: Tensor) -> Tensor:
    """Spread over twice the rows and columns and smooth: (n, c, r, r) -> (n, c, 2r, 2r)."""
    n, channels, height, width = images.shape
    spread = images.new_zeros(n, channels, 2 * height, 2 * width)
    spread[..., ::2, ::2] = images
    return _smooth(spread, 1) * 4


def _smooth(images: Tensor, step: int) -> Tensor:
    """Every `step`th row and column after the binomial filter, reflected without repeating the edge.

    Sums and no convolution, which a GPU may compute with ten bits.
    """
    smooth = F.pad(images, (2, 2, 2, 2), mode="reflect")
    for axis in (3, 2):
        size, others = images.shape[axis], smooth
        index = torch.arange(0, size, step, device=images.device)
        smooth = others.index_select(axis, index) * BINOMIAL[0]
        for place, tap in enumerate(BINOMIAL[1:], 1):
            smooth.add_(others.index_select(axis, index + place), alpha=tap)
    return smooth
