"""How often a classifier gives which label: a table, and the numbers that follow from it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Confusion:
    """Counts of test images, a row per true label, a column per given label; no row is empty."""

    counts: npt.NDArray[np.int64]  # (labels, labels)

    @classmethod
    def of(cls, true: npt.NDArray[np.int64], given: npt.NDArray[np.int64], labels: int) -> "Confusion":
        """The table of test images' labels and of those that a classifier gives them, both (n,)."""
        counts = np.zeros((labels, labels), np.int64)
        np.add.at(counts, (true, given), 1)
        return cls(counts)

    @property
    def accuracy(self) -> float:
        """The share of images whose label is right."""
        return float(np.trace(self.counts) / self.counts.sum())

    @property
    def recalls(self) -> npt.NDArray[np.float64]:
        """The share of each label's images whose label is right: (labels,)."""
        shares: npt.NDArray[np.float64] = np.diag(self.counts) / self.counts.sum(axis=1)
        return shares

    @property
    def balanced(self) -> float:
        """The mean of the recalls; a guess of any kind has one over the number of labels."""
        return float(self.recalls.mean())

    @property
    def majority(self) -> float:
        """The accuracy of always giving the most frequent label."""
        return float(self.counts.sum(axis=1).max() / self.counts.sum())

    @property
    def gain(self) -> float:
        """Balanced accuracy above that of guessing."""
        return self.balanced - 1 / len(self.counts)
