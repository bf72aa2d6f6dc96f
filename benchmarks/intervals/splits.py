"""`python -m benchmarks.intervals.splits DATASET`: how often do the 95 % intervals of distances hold?"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from evaluate.comparison.cache import Store
from evaluate.comparison.distances import Estimate
from evaluate.comparison.pair import Pair, measure_pair
from evaluate.sets.sources import of_path
from fashion_pggan.command.edge import run_command
from fashion_pggan.distance.work import Work
from fashion_pggan.params import EvaluateParams, load_params
from fashion_pggan.progress import Progress


def main() -> None:
    """Split a dataset in random halves, once per seed, and compare their distances."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intervals.splits", description=__doc__)
    parser.add_argument("dataset", type=Path, help="a dataset, or a folder of square images")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--images", type=int, help="images per half (default: all)")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    given = parser.parse_args()
    params = load_params(given.params).evaluate
    measured: dict[str, list[Estimate]] = {}
    with Progress("splitting", given.seeds, "seeds") as progress:
        for seed in range(given.seeds):
            pair = _split(given.dataset, given.images, params.model_copy(update={"seed": seed}))
            for name, estimate in pair.distances.named().items():
                measured.setdefault(name, []).append(estimate)
            progress.advance()
    print(f"{given.seeds} random splits, {pair.images} images per half\n")
    print("| level | mean | spread | standard error | holds the mean | holds the floor |")
    print("|---|---|---|---|---|---|")
    for name, estimates in measured.items():
        print(_row(name.removeprefix("SWDx1e3_"), estimates))


def _split(dataset: Path, images: int | None, params: EvaluateParams) -> Pair:
    """The distances between two random halves."""
    reals = of_path(dataset, "reals", params.seed)
    half = images or reals.count // 2
    first, second = reals.part(0, half, "reals"), reals.part(half, half, "fakes")
    with tempfile.TemporaryDirectory() as folder:
        return measure_pair(first, second, None, params, Store(Path(folder)), Work(), with_floor=False)


def _row(level: str, estimates: list[Estimate]) -> str:
    values = np.array([estimate.value for estimate in estimates])
    holding = sum(_holds(estimate, float(values.mean())) for estimate in estimates)
    others = [*estimates[1:], estimates[0]]  # another split as the floor
    ratios = [estimate.over(other) for estimate, other in zip(estimates, others, strict=True)]
    at_floor = sum(_holds(ratio, 1.0) for ratio in ratios if ratio)
    errors = np.mean([estimate.error or np.nan for estimate in estimates])
    return (
        f"| {level} | {values.mean():.2f} | {values.std(ddof=1):.2f} | {errors:.2f} "
        f"| {holding} of {len(estimates)} | {at_floor} of {len(estimates)} |"
    )


def _holds(estimate: Estimate, value: float) -> bool:
    return estimate.interval is not None and estimate.interval[0] <= value <= estimate.interval[1]


if __name__ == "__main__":
    run_command(main)
