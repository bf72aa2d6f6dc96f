"""Gaussian pyramids of images. Differences of their levels are the Laplacian pyramid.

Source: Karras et al. 2018, section 5; Burt and Adelson 1983.
"""

import cv2
import torch
import torch.nn.functional as F  # noqa: N812  # the name that every PyTorch reader knows
from torch import Tensor

from fashion_pggan.distance.work import Work, moved

BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def levels_of(resolution: int, smallest: int) -> list[int]:
    """Resolutions of a pyramid, largest first: `resolution`, half of it, ..., `smallest`.

    Raises:
        ValueError: `resolution` is no power of two, or below `smallest`.
    """
    if resolution < smallest or resolution & (resolution - 1):
        raise ValueError(
            f"a pyramid down to {smallest} px needs a resolution of {smallest}, {2 * smallest}, ... px, "
            f"not {resolution}"
        )
    return [resolution >> step for step in range((resolution // smallest).bit_length())]


def gaussian_pyramid(images: Tensor, smallest: int, work: Work) -> list[Tensor]:
    """Images and their smoothed halves, largest first.

    Args:
        images: (n, r, r, 3) uint8.
        smallest: resolution of the last level.
        work: on the CPU, OpenCV smooths image by image; on a device, PyTorch smooths all at once.

    Returns:
        (n, s, s, 3) float32 for s = r, r/2, ..., smallest.
    """
    levels = [moved(images, work.torch_device).float()]
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
    """Smooth and take every second row and column: (n, c, r, r) -> (n, c, r/2, r/2).

    The border is reflected without repeating the edge, as in OpenCV's `pyrDown`. The filter is a sum of
    slices: a GPU may compute a convolution with only ten bits.
    """
    smooth = F.pad(images, (2, 2, 2, 2), mode="reflect")
    for axis in (3, 2):
        size, others = images.shape[axis], smooth
        index = torch.arange(0, size, 2, device=images.device)
        smooth = others.index_select(axis, index) * BINOMIAL[0]
        for offset, tap in enumerate(BINOMIAL[1:], 1):
            smooth.add_(others.index_select(axis, index + offset), alpha=tap)
    return smooth
