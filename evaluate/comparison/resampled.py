"""Is a distance that of two sets of one kind? The null is drawn from the two sets themselves.

All images of both sets are mixed and dealt out anew, as often as there are replicates. If both sets are draws
of one kind, their distance is one more of these. Source of the principle: Fisher 1935; Pitman 1937.
"""

import math

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student
from torch import cat

from evaluate.comparison.interval import FEWEST, by_channel, scaled
from fashion_pggan.distance.descriptors import CHANNELS, Descriptors
from fashion_pggan.distance.swd import Directions, Values, draw_directions, is_flat, rows_apart
from fashion_pggan.distance.work import Work
from fashion_pggan.params import EvaluateParams

Deal = npt.NDArray[np.bool_]  # (2 n,) which images are in the first set


def chances_of(
    real: dict[int, Descriptors], fake: dict[int, Descriptors], params: EvaluateParams, work: Work
) -> tuple[float, float] | None:
    """The probabilities that sets of one kind are at least as far apart, and at least as near.

    Args:
        real: by level.
        fake: by level, of as many images, none of them among the real ones.
        params: the evaluate section; its replicates say how often images are dealt out.
        work: where to compute.

    Returns:
        None for fewer than 8 images or 3 replicates, and for two sets without contrast.
    """
    count = len(next(iter(real.values())).moments)
    flat = any(
        is_flat(real[level].statistics()[1]).any() and is_flat(fake[level].statistics()[1]).any()
        for level in real
    )
    if count < FEWEST or params.replicates < 3 or flat:
        return None
    drawn = draw_directions(params.seed, 0, params.patch_side**2 * CHANNELS, params.directions)
    few = drawn[:, : params.replicate_directions]
    first = np.arange(2 * count) < count
    deals = [first] + [
        np.random.default_rng([params.seed, place, *b"deal"]).permutation(first)
        for place in range(params.replicates)
    ]
    levels = [_dealt(real[level], fake[level], few, deals, work) for level in real]
    apart = np.log(np.maximum(np.mean(levels, axis=0), 1e-12))  # as given, then dealt out anew
    return _tails(float(apart[0]), apart[1:])


def _dealt(real: Descriptors, fake: Descriptors, few: Directions, deals: list[Deal], work: Work) -> Values:
    """The distance of one level for each deal; each set is normalised by itself: (deals,)."""
    parts = cat([by_channel(each, few, work) for each in (real, fake)], dim=2)
    both = Descriptors(np.empty((0, 0), np.float32), np.concatenate([real.moments, fake.moments]))

    def apart(place: int) -> float:
        (ours, our_means), (theirs, their_means) = (
            scaled(parts, both, np.flatnonzero(chosen), few) for chosen in (deals[place], ~deals[place])
        )
        return float(rows_apart(ours, theirs, our_means - their_means, work).mean())

    return np.array(work.each(apart, range(len(deals))))


def _tails(found: float, null: Values) -> tuple[float, float]:
    """Upper and lower tail of Student's distribution: the null's mean and deviation are estimates, too."""
    spread = float(null.std(ddof=1)) * math.sqrt(1 + 1 / len(null))
    if not spread:
        return float(found <= null[0]), float(found >= null[0])
    score = (found - float(null.mean())) / spread
    return float(student.sf(score, len(null) - 1)), float(student.cdf(score, len(null) - 1))
