"""Descriptors: small patches of Laplacian pyramid levels, whose distributions are compared.

Source: Karras et al. 2018, section 5.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fashion_pggan.distance.work import Work, moved

CHANNELS = 3

Centres = npt.NDArray[np.int64]  # (n, patches, 2): row and column of patch centres
Indices = npt.NDArray[np.int64]


def draw_centres(seed: int, stream: str, level: int, count: int, patches: int, side: int) -> Centres:
    """Random patch centres, drawn uniformly and with replacement, so that each patch lies within the level.

    The centres of the first images do not depend on `count`.

    Args:
        seed: of the evaluation.
        stream: name of the set of images; other names give other centres.
        level: resolution in pixels.
        count: number of images.
        patches: per image.
        side: of a patch in pixels, odd.
    """
    margin = side // 2
    random = np.random.default_rng([seed, level, *stream.encode()])
    return random.integers(margin, level - margin, (count, patches, 2))


def patches_at(images: Tensor, below: Tensor | None, centres: Centres, side: int) -> Tensor:
    """Cut patches out of a Laplacian level. Only the pixels within the patches are computed.

    Args:
        images: (n, s, s, 3), a level of the Gaussian pyramid.
        below: (n, s/2, s/2, 3), the next smaller level; None for the smallest level.
        centres: (n, patches, 2).
        side: of a patch in pixels, odd.

    Returns:
        (n * patches, 3 * side * side), components in the order (channel, row, column).
    """
    n, patches, _ = centres.shape
    corners = (centres - side // 2).reshape(-1, 2)
    places = np.column_stack([np.arange(n).repeat(patches), corners])  # (n * patches, 3): image, row, column
    there = moved(torch.from_numpy(places), images.device)
    cut = _windows(images, side)[there.unbind(1)].flatten(2)
    if below is not None:
        _subtract_raised(cut, below, there, _by_parity(corners), side)
    return cut.flatten(1)


def _windows(images: Tensor, side: int) -> Tensor:
    """All squares of `side` pixels: (n, s, s, 3) -> view (n, s - side + 1, s - side + 1, 3, side, side)."""
    return images.unfold(1, side, 1).unfold(2, side, 1)


def _by_parity(corners: Indices) -> list[Indices]:
    """Which corners have an even row and column, an odd column, an odd row, both.

    Found on the CPU: a device would have to be waited for, to learn how many of each there are.
    """
    kinds = (corners & 1) @ (2, 1)
    return [np.flatnonzero(kinds == kind) for kind in range(4)]


def _subtract_raised(cut: Tensor, below: Tensor, places: Tensor, by_parity: list[Indices], side: int) -> None:
    """Subtract the level below, enlarged, from patches (m, 3, side * side) at `places` (m, 3); in place."""
    reach, size = side // 2 + 3, below.shape[1]
    reached = (places[:, 1:] >> 1)[:, :, None] + torch.arange(-1, reach - 1, device=below.device)
    reached = reached.abs().clamp(max=size - 1)  # reflected at the border: (m, 2, reach)
    rows = places[:, :1] * size + reached[:, 0]
    index = (rows[:, :, None] * size + reached[:, 1, None, :]).flatten(1)  # (m, reach * reach)
    pixels = below.view(-1, CHANNELS)
    order = moved(torch.from_numpy(np.concatenate(by_parity)), below.device)
    parts = torch.split(order, [len(each) for each in by_parity])
    for mine, weights in zip(parts, _weights(side, below.device), strict=True):
        small = pixels.index_select(0, index[mine].flatten()).view(len(mine), -1, CHANNELS).transpose(1, 2)
        raised = small.reshape(-1, reach * reach) @ weights
        cut.index_add_(0, mine, raised.view(len(mine), CHANNELS, -1), alpha=-1)


@cache
def _weights(side: int, device: torch.device) -> tuple[Tensor, ...]:
    """The matrices of `_raising` in the order of `_by_parity`, on a device."""
    return torch.from_numpy(_raising(side)).flatten(0, 1).to(device).unbind()


@cache
def _raising(side: int) -> npt.NDArray[np.float32]:
    """Weights that enlarge a level around a corner, by even and odd row and column: (2, 2, reach^2, side^2).

    They put zeros between pixels and apply the binomial filter times 4, as OpenCV's `pyrUp` does.
    """
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
    """The descriptors of one level of a set, and the moments of each image's colour channels."""

    values: npt.NDArray[np.float32] | Tensor  # (n * patches, 3 * side * side), memory-mapped or on a device
    moments: npt.NDArray[np.float64]  # (n, 2, 3): means of values and of their squares, by image
    normalised_by: "Descriptors | None" = None  # None: by themselves, as published

    @classmethod
    def of(cls, values: npt.NDArray[np.float32] | Tensor, images: int = 1) -> "Descriptors":
        """Descriptors of `images` images, the same number of each."""
        return cls(values, moments_of(torch.as_tensor(values), images))

    @property
    def tensor(self) -> Tensor:
        """The values as a tensor, not copied."""
        return self.values if isinstance(self.values, Tensor) else torch.from_numpy(self.values)

    @property
    def patches(self) -> int:
        """Descriptors per image."""
        return len(self.values) // len(self.moments)

    def statistics(
        self, chosen: Indices | slice = slice(None)
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Means and population standard deviations of the colour channels of chosen images, (3,) each.

        They normalise the descriptors. Where other descriptors do so, they are those of all these.
        """
        if self.normalised_by is not None:
            return self.normalised_by.statistics()
        mean, square = self.moments[chosen].mean(axis=0)
        return mean, np.sqrt(np.maximum(square - mean**2, 0))


def moments_of(values: Tensor, images: int) -> npt.NDArray[np.float64]:
    """Means of values and of their squares, by image and channel: (images, 2, 3)."""
    return _moments(values, images).cpu().numpy()


def _moments(values: Tensor, images: int) -> Tensor:
    parts = values.view(images, -1, CHANNELS, values.shape[1] // CHANNELS)
    means = [each.mean(dim=3).double().mean(dim=1) for each in (parts, parts.square())]
    return torch.stack(means, dim=1)


class DescriptorWriter:
    """Writes the descriptors of one level to disk, or keeps them on a device, which `put` never waits for.

    Args:
        folder: for `<level>.npy` and `<level>.moments.npy`; None: keep them on the device of `work`.
        level: resolution in pixels.
        images: number of images.
        patches: per image.
        size: number of components of a descriptor.
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
        place = torch.device("cpu") if folder else work.torch_device
        self.moments = torch.empty((images, 2, CHANNELS), dtype=torch.float64, device=place)
        self.path = folder / f"{level}.moments.npy" if folder else None
        self.patches = patches

    def put(self, images: range, patches: Tensor) -> None:
        """Set the (m, size) descriptors of some images; several threads may do so at once.

        Args:
            images: which ones.
            patches: on the CPU where they go to disk, else on the device.
        """
        rows = slice(images.start * self.patches, images.stop * self.patches)
        if isinstance(self.values, Tensor):
            self.values[rows] = patches
        else:
            self.values[rows] = patches.numpy()
        self.moments[images.start : images.stop] = _moments(patches, len(images))

    def finish(self) -> Descriptors:
        """The whole set's descriptors, after the last `put`."""
        moments = self.moments.cpu().numpy()
        if self.path:
            np.save(self.path, moments)
        return Descriptors(self.values, moments)


def read_descriptors(folder: Path, level: int) -> Descriptors:
    """Memory-map what a `DescriptorWriter` wrote; copy-on-write, because PyTorch wants writable arrays."""
    return Descriptors(
        np.load(folder / f"{level}.npy", mmap_mode="c"), np.load(folder / f"{level}.moments.npy")
    )
