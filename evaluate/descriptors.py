"""Small patches of pyramid levels, the points whose distributions are compared.

Source: Karras et al. 2018, section 5.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

CHUNK = 65_536  # descriptors worked on at once

Places = npt.NDArray[np.int64]  # (n, patches, 2): row and column of patch centres


def draw_places(seed: int, stream: str, level: int, count: int, patches: int, side: int) -> Places:
    """Patch centres, uniform over those whose patch lies within the level, with replacement.

    The first pictures' places do not depend on `count`.

    Args:
        seed: of the evaluation.
        stream: which set of pictures; sets with other names have other places.
        level: resolution in pixels.
        count: number of pictures.
        patches: per picture.
        side: of a patch in pixels, odd.
    """
    margin = side // 2
    random = np.random.default_rng([seed, level, *stream.encode()])
    return random.integers(margin, level - margin, (count, patches, 2))


def patches_at(pictures: Tensor, places: Places, side: int) -> Tensor:
    """Cut patches out.

    Args:
        pictures: (n, 3, s, s).
        places: (n, patches, 2) centres.
        side: of a patch in pixels, odd.

    Returns:
        (n * patches, 3 * side * side), components in the order (channel, row, column).
    """
    n, channels, _, width = pictures.shape
    reach = torch.arange(side) - side // 2
    offsets = (reach[:, None] * width + reach).flatten()  # (side * side,)
    centres = torch.from_numpy(places[..., 0] * width + places[..., 1])  # (n, patches)
    index = (centres[:, :, None] + offsets).view(n, 1, -1).expand(n, channels, -1)
    cut = pictures.flatten(2).gather(2, index.to(pictures.device))  # (n, channels, patches * side * side)
    cut = cut.view(n, channels, -1, side * side).transpose(1, 2)  # (n, patches, channels, side * side)
    return cut.reshape(-1, channels * side * side)


@dataclass(frozen=True)
class Descriptors:
    """One level of one set, with the means and deviations of its colour channels."""

    values: npt.NDArray[np.float32]  # (n, 3 * side * side), may be memory-mapped
    means: npt.NDArray[np.float64]  # (3,)
    deviations: npt.NDArray[np.float64]  # (3,), of the population

    @classmethod
    def of(cls, values: npt.NDArray[np.float32]) -> "Descriptors":
        """Take the statistics of `values`, chunk by chunk."""
        count = len(values) * values.shape[1] // 3
        totals, squares = np.zeros(3), np.zeros(3)
        for start in range(0, len(values), CHUNK):
            part = values[start : start + CHUNK].reshape(-1, 3, values.shape[1] // 3).astype(np.float64)
            totals += part.sum(axis=(0, 2))
        means = totals / count
        for start in range(0, len(values), CHUNK):
            part = values[start : start + CHUNK].reshape(-1, 3, values.shape[1] // 3).astype(np.float64)
            squares += np.square(part - means[:, None]).sum(axis=(0, 2))
        return cls(values, means, np.sqrt(squares / count))


class DescriptorFile:
    """Descriptors of one level, filled picture by picture, on disk rather than in memory."""

    def __init__(self, path: Path, count: int, size: int) -> None:
        self.values = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(count, size))
        self.filled = 0

    def append(self, patches: Tensor) -> None:
        """Add (m, size) descriptors."""
        self.values[self.filled : self.filled + len(patches)] = patches.cpu().numpy()
        self.filled += len(patches)

    def finish(self) -> Descriptors:
        """All of them, with their statistics."""
        return Descriptors.of(self.values)
