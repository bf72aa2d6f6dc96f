"""`python -m benchmarks.intervals.near DATASET`: how often are honest images accused of being too near?

In each run some images of a curated dataset are the training images, and others stand for generated ones.
Both are honest, so each accusation is false. Mirrored neighbours are left out, as they change no rate.
"""

import argparse
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evaluate.measures.altered_copies import TELLING
from evaluate.measures.memorisation import Copies
from evaluate.measures.nearest import Neighbours
from fashion_pggan.command.edge import run_command
from fashion_pggan.storage.shards import Dataset

SIDE = 32  # pixels
GENERATED = 256
ALARM = 2.0  # standard errors of the former rule
SHARE = 0.01  # which that rule expected
Floats = npt.NDArray[np.float64]


def main() -> None:
    """Print a row per number of training images."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intervals.near", description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--training", type=int, nargs="+", default=[10, 20, 50, 200, 500, 1000])
    parser.add_argument("--runs", type=int, default=400)
    given = parser.parse_args()
    apart = _apart(Dataset(given.dataset))
    print("| training images | accused | by 1 % and two standard errors |\n|---|---|---|")
    for count in given.training:
        random = np.random.default_rng(count)
        found = [_honest(apart, count, random) for _ in range(given.runs)]
        now = np.mean([each.chance is not None and each.chance < TELLING for each in found])
        before = np.mean([_near_by_share(each) for each in found])
        print(f"| {count:,} | {now:.1%} | {before:.1%} |")


def _apart(dataset: Dataset) -> Floats:
    """Root mean square differences of all images: (n, n)."""
    images = dataset.images(range(len(dataset)), SIDE).reshape(len(dataset), -1).astype(np.float64)
    squares = np.square(images).sum(axis=1)
    apart = squares[:, None] + squares - 2 * images @ images.T
    distances: Floats = np.sqrt(np.maximum(apart, 0) / images.shape[1])
    np.fill_diagonal(distances, np.inf)
    return distances


def _honest(apart: Floats, count: int, random: np.random.Generator) -> Copies:
    order = random.permutation(len(apart))
    training, others = order[:count], order[count : count + GENERATED]
    return Copies(
        _neighbours(apart[np.ix_(others, training)]), _neighbours(apart[np.ix_(training, training)])
    )


def _neighbours(apart: Floats) -> Neighbours:
    nothing = np.zeros(len(apart), dtype=np.int64)
    return Neighbours(nothing, nothing.astype(np.bool_), apart.min(axis=1), np.full(len(apart), 256))


def _near_by_share(found: Copies) -> bool:
    """The former rule: the share of real images is known, and not itself a draw."""
    threshold = float(np.quantile(found.real.pixels, SHARE))
    count = len(found.generated.pixels)
    near = int((found.generated.pixels <= threshold).sum())
    return near > count * SHARE + ALARM * math.sqrt(count * SHARE * (1 - SHARE))


if __name__ == "__main__":
    run_command(main)
