"""A mean over seeds with its 95 % interval: of numbers, of differences and of ratios of numbers by seed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import t as student

COVERED = 0.95


@dataclass(frozen=True)
class Mean:
    """A mean over seeds; one seed has no interval."""

    value: float
    error: float | None = None  # standard error
    seeds: int = 1
    limits: tuple[float, float] = (-math.inf, math.inf)  # no interval reaches beyond

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval by Student's distribution; it says how much other seeds would change the mean."""
        if self.error is None:
            return None
        apart = float(student.ppf((1 + COVERED) / 2, self.seeds - 1)) * self.error
        lowest, highest = self.limits
        return max(self.value - apart, lowest), min(self.value + apart, highest)

    @property
    def above_zero(self) -> bool:
        """Whether the interval lies above zero; False without one."""
        return self.interval is not None and self.interval[0] > 0

    def plain(self) -> dict[str, float | None]:
        """Value, low and high for JSON."""
        low, high = self.interval or (None, None)
        numbers = {"value": self.value, "low": low, "high": high}
        return {name: None if number is None else round(number, 4) for name, number in numbers.items()}


def share_of(values: Sequence[float]) -> Mean:
    """The mean of one share per seed, such as an accuracy: from 0 to 1."""
    return replace(mean_of(values), limits=(0.0, 1.0))


def mean_of(values: Sequence[float]) -> Mean:
    """The mean of one number per seed."""
    count = len(values)
    error = float(np.std(values, ddof=1)) / math.sqrt(count) if count > 1 else None
    return Mean(float(np.mean(values)), error, count)


def ratio_of(values: Sequence[float], others: Sequence[float]) -> Mean | None:
    """The ratio of two means, seed by seed; None unless the mean of `others` is clearly above zero.

    Its error is that of the mean of `value - ratio * other`, over the mean of the others (delta method). So
    seeds that are good or bad for both count little.
    """
    below = mean_of(others)
    if not below.above_zero:
        return None
    ratio = float(np.mean(values)) / below.value
    apart = mean_of([value - ratio * other for value, other in zip(values, others, strict=True)])
    return Mean(ratio, None if apart.error is None else apart.error / below.value, apart.seeds)
