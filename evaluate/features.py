"""Distances between two sets of feature vectors: FID, KID, precision, recall, density, coverage.

Sources: Heusel et al. 2017 (FID), Binkowski et al. 2018 (KID), Kynkaanniemi et al. 2019 (precision and
recall), Naeem et al. 2020 (density and coverage).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

CHUNK = 1024  # vectors held against all others at once

Features = npt.NDArray[np.float64]  # (n, d)


@dataclass(frozen=True)
class FeatureDistances:
    """What two sets of features say about fakes."""

    images: int  # per set
    fid: float  # lower is better; depends on the number of pictures
    kid: float  # times 1000, unbiased: about 0 for equal distributions, may be negative
    precision: float  # share of fakes within the reals' neighbourhoods
    recall: float  # share of reals within the fakes' neighbourhoods
    density: float  # how many neighbourhoods of reals a fake lies in, over neighbours; may exceed 1
    coverage: float  # share of reals with a fake in their neighbourhood


def feature_distances(real: Features, fake: Features, neighbours: int) -> FeatureDistances:
    """Compare features.

    Args:
        real: (n, d).
        fake: (n, d).
        neighbours: a real's neighbourhood reaches to its so-manieth nearest real.

    Raises:
        ValueError: there are too few for so many neighbours, or the sets do not fit.
    """
    if real.shape != fake.shape or len(real) <= neighbours:
        raise ValueError(
            f"features {real.shape} and {fake.shape} cannot be compared with {neighbours} neighbours: "
            f"give equal numbers, {neighbours + 1} or more"
        )
    inside, reached = _neighbourhoods(real, fake, neighbours)
    inside_of_fakes, _ = _neighbourhoods(fake, real, neighbours)
    return FeatureDistances(
        images=len(real),
        fid=frechet(real, fake),
        kid=kernel_distance(real, fake) * 1e3,
        precision=float((inside > 0).mean()),
        recall=float((inside_of_fakes > 0).mean()),
        density=float(inside.mean() / neighbours),
        coverage=float(reached.mean()),
    )


def frechet(real: Features, fake: Features) -> float:
    """Frechet distance of the normal distributions with their means and covariances."""
    apart = real.mean(axis=0) - fake.mean(axis=0)
    one, other = np.atleast_2d(np.cov(real.T)), np.atleast_2d(np.cov(fake.T))
    values, vectors = np.linalg.eigh(one)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    mixed = np.linalg.eigvalsh(root @ other @ root)
    shared = np.sqrt(np.maximum(mixed, 0)).sum()
    return float(apart @ apart + np.trace(one) + np.trace(other) - 2 * shared)


def kernel_distance(real: Features, fake: Features) -> float:
    """Squared maximum mean discrepancy with the cubic kernel, unbiased, over all pairs."""
    n = len(real)
    within = sum(_kernel_sum(each, each) - _kernel_trace(each) for each in (real, fake)) / (n * (n - 1))
    return float(within - 2 * _kernel_sum(real, fake) / n**2)


def _kernel_sum(one: Features, other: Features) -> float:
    chunks = (one[start : start + CHUNK] for start in range(0, len(one), CHUNK))
    return float(sum(((chunk @ other.T / one.shape[1] + 1) ** 3).sum() for chunk in chunks))


def _kernel_trace(one: Features) -> float:
    return float(((np.square(one).sum(axis=1) / one.shape[1] + 1) ** 3).sum())


def _neighbourhoods(
    centres: Features, points: Features, neighbours: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """In how many centres' neighbourhoods each point lies, and which neighbourhoods hold any point."""
    inside = np.zeros(len(points), dtype=np.int64)
    reached = np.zeros(len(centres), dtype=np.bool_)
    for start in range(0, len(centres), CHUNK):
        part = slice(start, start + CHUNK)
        own = _squared(centres[part], centres)
        rows = np.arange(len(own))
        own[rows, rows + start] = -1.0  # itself comes first, whatever rounding says
        radii = np.partition(own, neighbours, axis=1)[:, neighbours]
        holds = _squared(centres[part], points) <= radii[:, None]
        inside += holds.sum(axis=0)
        reached[part] = holds.any(axis=1)
    return inside, reached


def _squared(some: Features, others: Features) -> Features:
    squares = np.square(some).sum(axis=1)[:, None] + np.square(others).sum(axis=1)
    apart: Features = np.maximum(squares - 2 * (some @ others.T), 0)
    return apart
