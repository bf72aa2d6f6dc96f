"""Some images of a dataset, as a dataset."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fashion_pggan.storage.shards import Dataset, Images


class Part(Dataset):
    """Some images of a dataset, read by their place among them; folder, version and checks are the whole's.

    Args:
        whole: the dataset.
        chosen: indices in it.
    """

    def __init__(self, whole: Dataset, chosen: npt.NDArray[np.int64]) -> None:
        super().__init__(whole.folder)
        self.whole, self.chosen = whole, chosen
        self.labels, self.held_out = self.labels[chosen], self.held_out[chosen]

    @property
    def choice(self) -> str:
        """A hash of which images they are; the same whatever rule chose them."""
        return hashlib.sha256(self.chosen.astype("<i8").tobytes()).hexdigest()[:16]

    def __len__(self) -> int:
        return len(self.chosen)

    def images(self, indices: Sequence[int] | npt.NDArray[np.int64], resolution: int) -> Images:
        """As `Dataset.images`."""
        wanted = np.asarray(indices, dtype=np.int64)
        if wanted.size and (wanted.min() < 0 or wanted.max() >= len(self)):
            raise IndexError(f"indices {wanted.min()} to {wanted.max()} of {len(self)} images of a dataset")
        return self.whole.images(self.chosen[wanted], resolution)

    def image(self, index: int, resolution: int) -> Images:
        """As `Dataset.image`."""
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} of {len(self)} images of a dataset")
        return self.whole.image(int(self.chosen[index]), resolution)
