"""Distances and their uncertainty: per level, averaged, and relative to the floor."""

import math
from dataclasses import dataclass
from typing import Any, Self

from evaluate.comparison.interval import WITHIN


@dataclass(frozen=True)
class Estimate:
    """A number above zero and its standard error; None if the error is unknown."""

    value: float
    error: float | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval, on a logarithmic scale, because distances are never below zero."""
        if self.error is None:
            return None
        factor = math.exp(WITHIN * self.error / self.value) if self.value else 1.0
        return self.value / factor, self.value * factor

    def over(self, other: "Estimate") -> "Estimate | None":
        """The ratio; None if one is zero. Errors count as independent: the interval is rather too wide."""
        if not other.value or not self.value:
            return None
        ratio = self.value / other.value
        if self.error is None or other.error is None:
            return Estimate(ratio)
        return Estimate(ratio, ratio * math.hypot(self.error / self.value, other.error / other.value))

    def untold(self, other: "Estimate") -> bool:
        """Whether the two cannot be told apart: the interval of their ratio holds 1; False without one."""
        ratio = self.over(other)
        return (
            ratio is not None and ratio.interval is not None and ratio.interval[0] <= 1 <= ratio.interval[1]
        )


@dataclass(frozen=True)
class Difference:
    """A number of either sign and its standard error; None if the error is unknown."""

    value: float
    error: float | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval."""
        if self.error is None:
            return None
        return self.value - WITHIN * self.error, self.value + WITHIN * self.error


def plain(estimate: Estimate | None) -> dict[str, float | None]:
    """Value, low and high for JSON, rounded to four decimals as published; None if unknown."""
    low, high = (estimate and estimate.interval) or (None, None)
    numbers = {"value": estimate.value if estimate else None, "low": low, "high": high}
    return {name: None if number is None else round(number, 4) for name, number in numbers.items()}


@dataclass(frozen=True)
class Distances:
    """The sliced Wasserstein distances of one comparison, times 1000, finest level first."""

    levels: dict[int, Estimate]
    average: Estimate  # the plain mean of the levels
    flat: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())  # levels at which either set has no contrast
    chances: tuple[float, float] | None = None  # of `chances_of`; None: not tested

    def named(self) -> dict[str, Estimate]:
        """All distances, by published column name."""
        by_name = {f"SWDx1e3_{level}": estimate for level, estimate in self.levels.items()}
        return {**by_name, "SWDx1e3_avg": self.average}

    def columns(self) -> dict[str, float]:
        """The values, rounded to four decimals as published."""
        return {name: round(estimate.value, 4) for name, estimate in self.named().items()}

    def plain(self) -> dict[str, Any]:
        """The distances for JSON; `of_plain` reads them."""
        return {
            "levels": {str(level): [each.value, each.error] for level, each in self.levels.items()},
            "average": [self.average.value, self.average.error],
            "flat": [list(levels) for levels in self.flat],
            "chances": self.chances and list(self.chances),
        }

    @classmethod
    def of_plain(cls, plain: dict[str, Any]) -> Self:
        """The inverse of `plain`."""
        levels = {int(level): Estimate(*pair) for level, pair in plain["levels"].items()}
        first, second = (tuple(levels) for levels in plain["flat"])
        above, below = plain["chances"] or (None, None)
        chances = None if above is None or below is None else (float(above), float(below))
        return cls(levels, Estimate(*plain["average"]), (first, second), chances)


@dataclass(frozen=True)
class Floor:
    """The distance between real images. Below a disjoint floor, no generator differs from real images."""

    kind: str  # disjoint: other images; reused: other patches of the same images, so too small
    distances: Distances

    @property
    def name(self) -> str:
        """The name for people: a floor of reused images is never called just "floor"."""
        return "floor" if self.kind == "disjoint" else "reused-images floor"

    def ratios(self, distances: Distances) -> dict[str, Estimate | None]:
        """Ratios of distances to the floor's, by published column name."""
        floors = self.distances.named()
        return {name: estimate.over(floors[name]) for name, estimate in distances.named().items()}
