"""`python -m benchmarks.intervals.tested DATASET`: does the test of a distance hold, and what does it find?

In each run some images of a dataset are the real ones, and as many others stand for generated ones: as they
are, then blurred a little. The real images of each run are another draw.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from evaluate.comparison.compare import compare, describe
from evaluate.comparison.resampled import chances_of
from evaluate.report.verdicts import FARTHER, NEARER
from evaluate.sets.image_set import ImageSet
from fashion_pggan.command.edge import run_command
from fashion_pggan.distance.descriptors import Descriptors, Indices
from fashion_pggan.distance.work import Work
from fashion_pggan.params import EvaluateParams, load_params
from fashion_pggan.storage.shards import Dataset, Images

SIDE = 32  # pixels
QUICK = {"patches_per_image": 24, "directions": 32, "repeats": 1, "minibatch": 64}
BLUR = 0.7  # pixels, of the Gaussian filter
Described = dict[int, Descriptors]


def main() -> None:
    """Print a row per number of images."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intervals.tested", description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--images", type=int, nargs="+", default=[16, 64, 256], help="per set")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--blur", type=float, default=BLUR, help="pixels, of the Gaussian filter")
    parser.add_argument("--params", type=Path, default=Path("presets/photos.yaml"))
    given = parser.parse_args()
    params = load_params(given.params).evaluate.model_copy(update=QUICK)
    dataset = Dataset(given.dataset)
    images = dataset.images(range(len(dataset)), SIDE)
    blurred = np.stack([cv2.GaussianBlur(each, (0, 0), given.blur) for each in images])
    real, fake, soft = (
        _described(name, each, params)
        for name, each in (("reals", images), ("fakes", images), ("fakes", blurred))
    )
    print("| images | honest: farther | honest: nearer | blurred: farther | distance over that of honest |")
    print("|---|---|---|---|---|")
    for count in given.images:
        print(_row(count, real, fake, soft, params, given.runs), flush=True)


def _row(
    count: int, real: Described, fake: Described, soft: Described, params: EvaluateParams, runs: int
) -> str:
    total = len(next(iter(real.values())).moments)
    honest, off, ratios = [], [], []
    for run in range(runs):
        order = np.random.default_rng([count, run]).permutation(total)
        reals, others = _some(real, order[:count]), order[count : 2 * count]
        seeded = params.model_copy(update={"seed": run})
        made = [_some(each, others) for each in (fake, soft)]
        found = [chances_of(reals, each, seeded, Work(1)) for each in made]
        assert found[0]
        assert found[1]
        honest.append(found[0])
        off.append(found[1])
        without = seeded.model_copy(update={"replicates": 0})
        distances = [compare(reals, each, without, Work(1)).average.value for each in made]
        ratios.append(distances[1] / distances[0])
    farther, nearer = np.array(honest).T
    return (
        f"| {count} | {np.mean(farther < FARTHER):.1%} | {np.mean(nearer < NEARER):.1%} "
        f"| {np.mean(np.array(off)[:, 0] < FARTHER):.1%} | {np.mean(ratios):.2f} |"
    )


def _described(name: str, images: Images, params: EvaluateParams) -> Described:
    found = ImageSet(name, len(images), SIDE, lambda part: images[part.start : part.stop])
    return describe(found, params, None, Work(1), lambda _: None)


def _some(described: Described, chosen: Indices) -> Described:
    """The descriptors of chosen images."""
    return {
        level: Descriptors(
            each.tensor.view(len(each.moments), each.patches, -1)[chosen].flatten(0, 1), each.moments[chosen]
        )
        for level, each in described.items()
    }


if __name__ == "__main__":
    run_command(main)
