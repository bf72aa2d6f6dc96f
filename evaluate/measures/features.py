"""Distances between two sets of feature vectors: FID, KID, precision, recall, density, coverage.

Sources: Heusel et al. 2017 (FID), Binkowski et al. 2018 (KID), Kynkaanniemi et al. 2019 (precision and
recall), Naeem et al. 2020 (density and coverage).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from evaluate.comparison.interval import FEWEST, WITHIN

HEAVY = (
    3.0  # mean fourth power of the distance from the mean over the squared mean square; 1 to 1.5 if normal
)
ROUNDING = 1e-9  # of a squared distance
CHUNK = 1024  # vectors compared with all others at once
GROUPS = 64  # of images; halves are made of whole groups

Features = npt.NDArray[np.float64]  # (n, d)
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FeatureDistances:
    """The distances between the features of real images and of fakes."""

    images: int  # per set
    fid: float  # lower is better; depends on the number of images
    fid_low: float | None  # the ends of the 95 % interval; None: unknown
    fid_high: float | None
    kid: float  # times 1000, unbiased: about 0 for equal distributions, may be negative
    kid_error: float | None  # standard error, times 1000
    kid_low: float | None
    kid_high: float | None
    precision: float  # share of fakes within the reals' neighbourhoods
    recall: float  # share of reals within the fakes' neighbourhoods
    density: float  # mean number of reals' neighbourhoods around a fake, over `neighbours`; may exceed 1
    coverage: float  # share of reals with a fake in their neighbourhood


def feature_distances(
    real: Features, fake: Features, neighbours: int, *, seed: int = 0, replicates: int = 0
) -> FeatureDistances:
    """Compare the features of two sets.

    Args:
        real: (n, d).
        fake: (n, d).
        neighbours: k; an image's neighbourhood reaches to the k-th nearest image of its own set.
        seed: for the halves.
        replicates: number of halves of each set, for the intervals; 0: no intervals.

    Raises:
        ValueError: the shapes differ, or there are too few features for so many neighbours.
    """
    if real.shape != fake.shape or len(real) <= neighbours:
        raise ValueError(
            f"features {real.shape} and {fake.shape} cannot be compared with {neighbours} neighbours: "
            f"give equal numbers, {neighbours + 1} or more"
        )
    inside, reached = _neighbourhoods(real, fake, neighbours)
    inside_of_fakes, _ = _neighbourhoods(fake, real, neighbours)
    fid, spread = max(frechet(real, fake), 0.0), frechet_error(real, fake, seed, replicates)
    sums = KernelSums.of(real, fake, seed)
    kid, error = sums.distance() * 1e3, sums.error(seed, replicates)
    error = None if error is None else error * 1e3
    return FeatureDistances(
        images=len(real),
        fid=fid,
        fid_low=None if spread is None else max(fid - WITHIN * spread, 0),
        fid_high=None if spread is None else fid + WITHIN * spread,
        kid=kid,
        kid_error=error,
        kid_low=None if error is None else kid - WITHIN * error,
        kid_high=None if error is None else kid + WITHIN * error,
        precision=float((inside > 0).mean()),
        recall=float((inside_of_fakes > 0).mean()),
        density=float(inside.mean() / neighbours),
        coverage=float(reached.mean()),
    )


def heavy_tailed(features: Features) -> bool:
    """Whether a few vectors (n, d) lie so far out that the intervals of FID and KID hold too seldom."""
    squares = np.square(features - features.mean(axis=0)).sum(axis=1)
    return bool(np.square(squares).mean() > HEAVY * np.square(squares.mean()))


def frechet(real: Features, fake: Features) -> float:
    """Frechet distance between normal distributions with the sets' means and covariances."""
    apart = real.mean(axis=0) - fake.mean(axis=0)
    ours, theirs = (each - each.mean(axis=0) for each in (real, fake))
    spread = sum(np.square(each).sum() / (len(each) - 1) for each in (ours, theirs))
    return float(apart @ apart + spread - 2 * _shared(ours, theirs))


def _shared(ours: Features, theirs: Features) -> float:
    """Trace of the root of the product of two covariances of centred features, by the smaller matrix."""
    scale = np.sqrt((len(ours) - 1) * (len(theirs) - 1))
    if min(len(ours), len(theirs)) < ours.shape[1]:
        return float(np.linalg.svd(ours @ theirs.T, compute_uv=False).sum() / scale)
    values, vectors = np.linalg.eigh(ours.T @ ours)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    mixed = np.linalg.eigvalsh(root @ (theirs.T @ theirs) @ root)
    return float(np.sqrt(np.maximum(mixed, 0)).sum() / scale)


def halves_of(seed: int, replicates: int, count: int) -> list[Indices]:
    """Random halves of `count` items: by turns one for the reals and one for the fakes."""
    random = np.random.default_rng([seed, *b"features"])
    return [random.permutation(count)[: count // 2] for _ in range(2 * replicates)]


def frechet_error(real: Features, fake: Features, seed: int, replicates: int) -> float | None:
    """The standard error of the Frechet distance: its deviation over halves of both sets.

    Halves of n images vary as sets of n images do (docs/explanation/distance.md). Their distances are all
    larger by about the same amount, which does not matter here. None without replicates or for few images.
    """
    if not replicates or len(real) < FEWEST:
        return None
    halves = halves_of(seed, replicates, len(real))
    found = [frechet(real[one], fake[other]) for one, other in zip(halves[::2], halves[1::2], strict=True)]
    return float(np.std(found, ddof=1))


@dataclass(frozen=True)
class KernelSums:
    """Sums of the cubic kernel between groups of images, so that halves need no new kernel values."""

    within: tuple[Features, Features]  # (g, g) of the reals, of the fakes
    selves: tuple[Features, Features]  # (g,) of each image with itself
    across: Features  # (g, g) of reals with fakes
    sizes: Features  # (g,) images of a group

    @classmethod
    def of(cls, real: Features, fake: Features, seed: int) -> Self:
        """The sums over random groups; each pair of features is computed once."""
        count = min(GROUPS, len(real))
        order = np.random.default_rng([seed, *b"groups"]).permutation(len(real))
        starts = np.linspace(0, len(real), count, endpoint=False).astype(int)
        sets = [each[order] for each in (real, fake)]
        ours, theirs = (_group_sums(each, each, starts) for each in sets)
        mine, others = (np.add.reduceat(_kernel_of_itself(each), starts) for each in sets)
        sizes = np.diff([*starts, len(real)]).astype(np.float64)
        return cls((ours, theirs), (mine, others), _group_sums(sets[0], sets[1], starts), sizes)

    def distance(self, *chosen: Indices | slice) -> float:
        """Squared maximum mean discrepancy, unbiased, of chosen groups of reals and fakes; default: all."""
        one, other = chosen or (slice(None), slice(None))
        result = 0.0
        for sums, selves, groups in zip(self.within, self.selves, (one, other), strict=True):
            count = self.sizes[groups].sum()
            result += (sums[groups][:, groups].sum() - selves[groups].sum()) / (count * (count - 1))
        pairs = self.sizes[one].sum() * self.sizes[other].sum()
        return float(result - 2 * self.across[one][:, other].sum() / pairs)

    def error(self, seed: int, replicates: int) -> float | None:
        """The standard error of the distance, from halves of the groups, as in `frechet_error`."""
        if not replicates or len(self.sizes) < FEWEST:
            return None
        halves = halves_of(seed, replicates, len(self.sizes))
        found = [self.distance(one, other) for one, other in zip(halves[::2], halves[1::2], strict=True)]
        return float(np.std(found, ddof=1))


def _group_sums(one: Features, other: Features, starts: Indices) -> Features:
    """Sums of the kernel between groups of vectors that begin at `starts`: (g, g)."""
    sums = np.empty((len(one), len(starts)))
    for start in range(0, len(one), CHUNK):
        kernel = (one[start : start + CHUNK] @ other.T / one.shape[1] + 1) ** 3
        sums[start : start + CHUNK] = np.add.reduceat(kernel, starts, axis=1)
    return np.add.reduceat(sums, starts, axis=0)


def _kernel_of_itself(one: Features) -> Features:
    kernel: Features = (np.square(one).sum(axis=1) / one.shape[1] + 1) ** 3
    return kernel


def _neighbourhoods(
    centres: Features, points: Features, neighbours: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The number of neighbourhoods each point lies in, and whether each neighbourhood holds any point."""
    inside = np.zeros(len(points), dtype=np.int64)
    reached = np.zeros(len(centres), dtype=np.bool_)
    for start in range(0, len(centres), CHUNK):
        part = slice(start, start + CHUNK)
        own = _squared(centres[part], centres)
        rows = np.arange(len(own))
        own[rows, rows + start] = -1.0  # a vector is nearest to itself, despite rounding
        radii = np.partition(own, neighbours, axis=1)[:, neighbours]
        holds = _squared(centres[part], points) <= radii[:, None] * (1 + ROUNDING)  # ties are inside
        inside += holds.sum(axis=0)
        reached[part] = holds.any(axis=1)
    return inside, reached


def _squared(some: Features, others: Features) -> Features:
    squares = np.square(some).sum(axis=1)[:, None] + np.square(others).sum(axis=1)
    apart: Features = squares - 2 * (some @ others.T)
    apart[apart < ROUNDING * squares] = 0  # equal vectors
    return apart
