"""Small patches of pyramid levels, the points whose distributions are compared.

Source: Karras et al. 2018, section 5.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fashion_pggan.distance.devices import Work

CHANNELS = 3

Places = npt.NDArray[np.int64]  # (n, patches, 2): row and column of patch centres
Indices = npt.NDArray[np.int64]


def draw_places(seed: int, stream: str, level: int, count: int, patches: int, side: int) -> Places:
    """Patch centres, uniform over those whose patch lies within the level, with replacement.

    The first images' places do not depend on `count`.

    Args:
        seed: of the evaluation.
        stream: which set of images; sets with other names have other places.
        level: resolution in pixels.
        count: number of images.
        patches: per image.
        side: of a patch in pixels, odd.
    """
    margin = side // 2
    random = np.random.default_rng([seed, level, *stream.encode()])
    return random.integers(margin, level - margin, (count, patches, 2))


def patches_at(images: Tensor, below: Tensor | None, places: Places, side: int) -> Tensor:
    """Cut patches out of a Laplacian level without making the level: few of its pixels are ever looked at.

    Args:
        images: (n, s, s, 3), a level of the Gaussian pyramid.
        below: (n, s/2, s/2, 3), the next smaller one, or None for the smallest level, which is itself.
        places: (n, patches, 2) centres.
        side: of a patch in pixels, odd.

    Returns:
        (n * patches, 3 * side * side), components in the order (channel, row, column).
    """
    n, patches, _ = places.shape
    corners = torch.from_numpy(places - side // 2).flatten(0, 1).to(images.device)  # (n * patches, 2)
    image_of = torch.arange(n, device=images.device).repeat_interleave(patches)
    cut = _windows(images, side)[image_of, corners[:, 0], corners[:, 1]].flatten(2)
    if below is not None:
        _subtract_raised(cut, below, image_of, corners, side)
    return cut.flatten(1)


def _windows(images: Tensor, side: int) -> Tensor:
    """All squares of a side: (n, s, s, 3) -> view (n, s - side + 1, s - side + 1, 3, side, side)."""
    return images.unfold(1, side, 1).unfold(2, side, 1)


def _subtract_raised(cut: Tensor, below: Tensor, image_of: Tensor, corners: Tensor, side: int) -> None:
    """Take from patches (m, 3, side * side) what `pyramid_up` makes of the level below, at their corners."""
    weights = torch.from_numpy(_raising(side)).to(below.device)  # (2, 2, reach * reach, side * side)
    reach, size = side // 2 + 3, below.shape[1]
    reached = (corners >> 1)[:, :, None] + torch.arange(-1, reach - 1, device=below.device)
    reached = reached.abs().clamp(max=size - 1)  # the border as pyramid_up sees it: (m, 2, reach)
    rows = image_of[:, None] * size + reached[:, 0]
    index = (rows[:, :, None] * size + reached[:, 1, None, :]).flatten(1)  # (m, reach * reach)
    odd, pixels = corners & 1, below.view(-1, CHANNELS)
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        mine = ((odd[:, 0] == row) & (odd[:, 1] == column)).nonzero().squeeze(1)
        small = pixels.index_select(0, index[mine].flatten()).view(len(mine), -1, CHANNELS).transpose(1, 2)
        raised = small.reshape(-1, reach * reach) @ weights[row, column]
        cut.index_add_(0, mine, raised.view(len(mine), CHANNELS, -1), alpha=-1)


@cache
def _raising(side: int) -> npt.NDArray[np.float32]:
    """`pyramid_up` around a corner, for even and odd rows and columns: (2, 2, reach^2, side^2)."""
    weights = np.zeros((2, side // 2 + 3, side), dtype=np.float32)  # one axis
    for odd in range(2):
        for place in range(side):
            half, rest = divmod(odd + place, 2)
            if rest:
                weights[odd, half + 1 : half + 3, place] = 1 / 2
            else:
                weights[odd, half : half + 3, place] = (1 / 8, 6 / 8, 1 / 8)
    both = np.einsum("aij,bkl->abikjl", weights, weights)
    kernels: npt.NDArray[np.float32] = both.reshape(2, 2, weights.shape[1] ** 2, side**2)
    return kernels


@dataclass(frozen=True)
class Descriptors:
    """One level of one set, with each image's share in the statistics of the colour channels."""

    values: npt.NDArray[np.float32] | Tensor  # (n * patches, 3 * side * side): memory-mapped, or on a device
    moments: npt.NDArray[np.float64]  # (n, 2, 3): means of values and of their squares, by image

    @classmethod
    def of(cls, values: npt.NDArray[np.float32] | Tensor, images: int = 1) -> "Descriptors":
        """Descriptors of `images` images, as many of each."""
        return cls(values, moments_of(torch.as_tensor(values), images))

    @property
    def tensor(self) -> Tensor:
        """The values, where they are."""
        return self.values if isinstance(self.values, Tensor) else torch.from_numpy(self.values)

    @property
    def patches(self) -> int:
        """Descriptors per image."""
        return len(self.values) // len(self.moments)

    def statistics(
        self, chosen: Indices | slice = slice(None)
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Means and deviations (of the population) of the colour channels, (3,) each, of chosen images."""
        mean, square = self.moments[chosen].mean(axis=0)
        return mean, np.sqrt(np.maximum(square - mean**2, 0))


def moments_of(values: Tensor, images: int) -> npt.NDArray[np.float64]:
    """Means of descriptors and of their squares by image and channel, (images, 2, 3)."""
    parts = values.view(images, -1, CHANNELS, values.shape[1] // CHANNELS)
    means = [each.mean(dim=3).double().mean(dim=1) for each in (parts, parts.square())]
    return torch.stack(means, dim=1).cpu().numpy()


class DescriptorWriter:
    """Descriptors of one level, on disk or on a device rather than in memory.

    Args:
        folder: for `<level>.npy` and `<level>.moments.npy`; None: they stay on the device of `work`.
        level: resolution in pixels.
        images: how many there will be.
        patches: per image.
        size: components of a descriptor.
        work: where to compute.
    """

    def __init__(
        self, folder: Path | None, level: int, images: int, patches: int, size: int, work: Work
    ) -> None:
        shape = (images * patches, size)
        self.values: npt.NDArray[np.float32] | Tensor = (
            np.lib.format.open_memmap(folder / f"{level}.npy", mode="w+", dtype=np.float32, shape=shape)
            if folder
            else torch.empty(shape, device=work.torch_device)
        )
        self.moments = np.empty((images, 2, CHANNELS))
        self.path = folder / f"{level}.moments.npy" if folder else None
        self.patches = patches

    def put(self, images: range, patches: Tensor) -> None:
        """Set the (m, size) descriptors of some images; threads may do this at once."""
        rows = slice(images.start * self.patches, images.stop * self.patches)
        if isinstance(self.values, Tensor):
            self.values[rows] = patches
        else:
            self.values[rows] = patches.cpu().numpy()
        self.moments[images.start : images.stop] = moments_of(patches, len(images))

    def finish(self) -> Descriptors:
        """All of them."""
        if self.path:
            np.save(self.path, self.moments)
        return Descriptors(self.values, self.moments)


def read_descriptors(folder: Path, level: int) -> Descriptors:
    """What a `DescriptorWriter` wrote, memory-mapped; PyTorch wants to be able to write, here to memory."""
    return Descriptors(
        np.load(folder / f"{level}.npy", mmap_mode="c"), np.load(folder / f"{level}.moments.npy")
    )
