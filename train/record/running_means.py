"""Averages the values of the steps between two rows of the log."""

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from train.processes.ranks import Ranks
from train.step.all_reduce import average_over


@dataclass
class RunningMeans:
    """Sums since the last row of the log, on the device; nothing waits for them."""

    sums: dict[str, Tensor]  # by the names of the log's columns
    steps: int
    images: int
    began: float

    @classmethod
    def empty(cls) -> "RunningMeans":
        """Forget all steps, and start the time."""
        return cls({}, steps=0, images=0, began=time.monotonic())

    def add(self, values: dict[str, Tensor], images: int) -> None:
        """Count a step."""
        self.sums = {name: self.sums.get(name, 0) + value for name, value in values.items()}
        self.steps += 1
        self.images += images

    def means(self, ranks: Ranks) -> dict[str, float]:
        """The mean of each value over steps and processes, which must all call it; waits for the device."""
        if not self.sums:
            return {}
        sums = torch.stack([value.float() for value in self.sums.values()])
        average_over(sums, ranks)
        return {name: value / self.steps for name, value in zip(self.sums, sums.tolist(), strict=True)}
