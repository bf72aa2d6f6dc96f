"""How much a distance would vary with other images and other directions; see docs/explanation/distance.md.

Source of the principle: Politis, Romano and Wolf, Subsampling, 1999.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fashion_pggan.distance.descriptors import CHANNELS, Descriptors, Indices
from fashion_pggan.distance.swd import CHUNK, Directions, Values, projected, rows_apart, scales_of
from fashion_pggan.distance.work import Work

WITHIN = 1.96  # standard errors on either side: 95 % of a normal distribution
FEWEST = 8  # images; halves of fewer say nothing


@dataclass(frozen=True)
class Halves:
    """Random halves of two sets of images: the same at every level, so that levels can be averaged."""

    real: list[Indices]
    fake: list[Indices]
    count: int  # images of a whole set
    in_pairs: bool = False  # the halves come in pairs that share no image, one after the other

    @classmethod
    def draw(cls, seed: int, replicates: int, count: int, *, same: bool, in_pairs: bool = False) -> "Halves":
        """Draw them.

        Args:
            seed: of the evaluation.
            replicates: number of halves of each set.
            count: images of a whole set.
            same: both sets hold the same images, and so do their halves; only the patches differ.
            in_pairs: whether each half is followed by the other images, for `error_of_difference`.
        """
        half = count // 2
        starts = (0, half) if in_pairs else (0,)

        def halves(stream: bytes) -> list[Indices]:
            orders = (
                np.random.default_rng([seed, place, *stream]).permutation(count)
                for place in range(-(-replicates // len(starts)) if count >= FEWEST else 0)
            )
            return [np.sort(order[start : start + half]) for order in orders for start in starts]

        real = halves(b"real")
        return cls(real, real if same else halves(b"fake"), count, in_pairs)

    @property
    def rescale(self) -> float:
        """Variance of a whole set over that of a half drawn without replacement; 1 for even counts."""
        part = self.count // 2
        return part / (self.count - part)


def distances_of_halves(
    real: Descriptors, fake: Descriptors, directions: Directions, halves: Halves, work: Work
) -> Values:
    """Distances between halves, (replicates, directions); each half is normalised by itself."""
    ours, theirs = (by_channel(descriptors, directions, work) for descriptors in (real, fake))

    def apart(place: int) -> Values:
        one, our_means = scaled(ours, real, halves.real[place], directions)
        other, their_means = scaled(theirs, fake, halves.fake[place], directions)
        return rows_apart(one, other, our_means - their_means, work)

    return np.stack(work.each(apart, range(len(halves.real))))


def standard_error(of_halves: Values, along: Values, rescale: float) -> float:
    """The standard error of a mean distance.

    It has two parts. Images: halves of n images vary as much as sets of n images do. Halves are measured
    along few directions, so a two-way analysis of variance removes the interaction of halves and directions,
    as far as the mean over all directions averages it out. Directions: the variance of their mean.

    Args:
        of_halves: (replicates, few) distances between halves.
        along: (directions,) distances between the whole sets.
        rescale: as `Halves.rescale`.
    """
    replicates, few = of_halves.shape
    rows, columns = of_halves.mean(axis=1), of_halves.mean(axis=0)
    residuals = of_halves - rows[:, None] - columns + of_halves.mean()
    interaction = np.square(residuals).sum() / ((replicates - 1) * max(few - 1, 1))
    total = rows.var(ddof=1)
    images = max(total - interaction * (1 / few - 1 / len(along)), total / few)
    return math.sqrt(images * rescale + along.var(ddof=1) / len(along))


def error_of_difference(of_halves: Values, along: Values, count: int) -> float:
    """The standard error of the difference of two distances from the same real images.

    Both halves of a pair are draws of half as many images, and independent. So the variance of what is
    measured on half as many images is half of the squared gap within a pair, and that of all images is half
    of that. This is right on average, but so uncertain that its intervals hold too seldom. `standard_error`
    looks at how far halves are from the whole, with which they share images: it is too large close to the
    floor. The mean of both variances, widened for few pairs and few images as Student's distribution says,
    holds its rate (benchmarks/README.md). Directions count as there.

    Args:
        of_halves: (2 pairs, few) differences between halves, the two of a pair one after the other.
        along: (directions,) differences between the whole sets.
        count: images of a whole set.
    """
    gaps = of_halves[0::2] - of_halves[1::2]  # (pairs, few)
    pairs, few = gaps.shape
    rows = gaps.mean(axis=1)
    interaction = np.square(gaps - rows[:, None]).sum() / (pairs * max(few - 1, 1))
    total = np.square(rows).mean()
    images = max(total - interaction * (1 / few - 1 / len(along)), total / few) / 2
    half = count // 2
    paired = images * half / count + along.var(ddof=1) / len(along)
    whole = standard_error(of_halves, along, half / (count - half)) ** 2
    freedom = 1 / (1 / pairs + 1 / (count - 1))
    return student(freedom) * math.sqrt((paired + whole) / 2)


def student(freedom: float) -> float:
    """The 95 % point of Student's distribution over that of the normal one (Cornish and Fisher)."""
    square = WITHIN**2
    second = (5 * square**2 + 16 * square + 3) / (96 * freedom**2)
    return 1 + (square + 1) / (4 * freedom) + second


def by_channel(descriptors: Descriptors, directions: Directions, work: Work) -> Tensor:
    """Each colour channel's part of the projections, not normalised: (k, 3, images, patches)."""
    count, each = directions.shape[1], len(directions) // CHANNELS
    rows = np.zeros((count, CHANNELS, len(directions)), dtype=np.float32)
    for channel in range(CHANNELS):
        part = slice(channel * each, (channel + 1) * each)
        rows[:, channel, part] = directions[part].T
    values = descriptors.tensor
    columns = torch.from_numpy(rows.reshape(-1, len(directions))).to(work.torch_device)
    parts = torch.empty(len(columns), len(values), device=work.torch_device)

    def project(start: int) -> None:
        projected(values[start : start + CHUNK], columns, parts[:, start : start + CHUNK])

    work.each(project, range(0, len(values), CHUNK))
    return parts.view(count, CHANNELS, len(descriptors.moments), -1)


def scaled(
    parts: Tensor, descriptors: Descriptors, chosen: Indices, directions: Directions
) -> tuple[Tensor, Values]:
    """Projections (k, m) of chosen images, scaled by their own deviations, and their means (k,)."""
    means, deviations = descriptors.statistics(chosen)
    scales = scales_of(deviations)
    totals = directions.reshape(CHANNELS, -1, directions.shape[1]).sum(axis=1)  # (3, k)
    index = torch.from_numpy(chosen).to(parts.device)
    out = parts[:, 0].index_select(1, index) * float(scales[0])
    for channel in range(1, CHANNELS):
        out.add_(parts[:, channel].index_select(1, index), alpha=float(scales[channel]))
    return out.flatten(1), (means * scales) @ totals
