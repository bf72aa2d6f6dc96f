"""Distances along each direction: estimates and paired differences are made of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluate.comparison.distances import Difference, Distances, Estimate
from evaluate.comparison.interval import Halves, error_of_difference, standard_error
from fashion_pggan.distance.swd import Values


@dataclass(frozen=True)
class RawDistances:
    """The distances between two described sets, times 1000, by level, finest first."""

    along: dict[int, Values]  # (directions,) between the whole sets
    of_halves: dict[int, Values]  # (replicates, few) between random halves; empty: no intervals
    halves: Halves
    flat: tuple[tuple[int, ...], tuple[int, ...]]  # levels at which either set has no contrast

    def distances(self) -> Distances:
        """The mean distances with their standard errors."""
        levels = {level: Estimate(*self._mean(level)) for level in self.along}
        return Distances(levels, Estimate(*self._mean(*self.along)), self.flat)

    def minus(self, other: "RawDistances") -> dict[str, Difference]:
        """How much larger these are than others of the same real images, by published column name.

        Both were measured with the same reals, patches, latents, directions and pairs of halves. So what
        varies with them varies in both, and cancels out.
        """
        assert self.halves.in_pairs
        apart = RawDistances(
            {level: mine - other.along[level] for level, mine in self.along.items()},
            {level: mine - other.of_halves[level] for level, mine in self.of_halves.items()},
            self.halves,
            self.flat,
        )
        levels = {f"SWDx1e3_{level}": Difference(*apart._difference(level)) for level in apart.along}
        return {**levels, "SWDx1e3_avg": Difference(*apart._difference(*apart.along))}

    def _mean(self, *levels: int) -> tuple[float, float | None]:
        """Over levels and directions, with its standard error."""
        along, parts = self._over(levels)
        error = None if parts is None else standard_error(parts, along, self.halves.rescale)
        return float(along.mean()), error

    def _difference(self, *levels: int) -> tuple[float, float | None]:
        """The same where these are differences."""
        along, parts = self._over(levels)
        error = None if parts is None else error_of_difference(parts, along, self.halves.count)
        return float(along.mean()), error

    def _over(self, levels: Sequence[int]) -> tuple[Values, Values | None]:
        along: Values = np.mean([self.along[level] for level in levels], axis=0)
        if not self.of_halves:
            return along, None
        parts: Values = np.mean([self.of_halves[level] for level in levels], axis=0)
        return along, parts
