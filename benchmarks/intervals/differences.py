"""`python -m benchmarks.intervals.differences`: how often does the 95 % interval of a difference hold?

Two models that are equally far from the real images: each draws new images, and the reals are new ones each
time. The true difference is 0.
"""

import argparse
from pathlib import Path

import numpy as np

from evaluate.comparison.compare import describe, measure
from evaluate.comparison.distances import Difference
from evaluate.sets.image_set import ImageSet
from fashion_pggan.command.edge import run_command
from fashion_pggan.distance.descriptors import Descriptors
from fashion_pggan.distance.work import Work
from fashion_pggan.params import EvaluateParams, load_params
from fashion_pggan.storage.shards import Images

SIDE = 16  # pixels
QUICK = {"patches_per_image": 24, "directions": 32, "repeats": 2, "minibatch": 64, "replicates": 32}


def garments(count: int, seed: tuple[int, ...]) -> Images:
    """Flat garments on flat ground, each of its own colours: images differ much, patches of one little."""
    random = np.random.default_rng(seed)
    images = np.empty((count, SIDE, SIDE, 3), dtype=np.uint8)
    for image in images:
        image[:] = random.integers(150, 256, 3)
        top, left = random.integers(0, SIDE // 2, 2)
        image[top : top + SIDE // 2, left : left + SIDE // 2] = random.integers(0, 200, 3)
    noisy: Images = np.clip(images + random.integers(-8, 9, images.shape), 0, 255).astype(np.uint8)
    return noisy


def changed(images: Images) -> Images:
    """The same with red and blue exchanged where it is light: a model that is clearly off."""
    return np.where(images.mean(axis=3, keepdims=True) > 128, images[..., ::-1], images)


def drawn_difference(count: int, params: EvaluateParams, work: Work, *, off: bool) -> Difference:
    """The measured difference of two equal models.

    Args:
        count: images per set.
        params: the evaluate section; its seed draws the images, too.
        work: where to compute.
        off: whether both models are clearly off, or as good as the real images.
    """

    def described(name: str, stream: int) -> dict[int, Descriptors]:
        images = garments(count, (stream, params.seed))
        images = changed(images) if off and stream else images
        found = ImageSet(name, count, SIDE, lambda indices: images[indices.start : indices.stop])
        return describe(found, params, None, work, lambda images: None)

    real = described("reals", 0)
    one, other = (measure(real, described("fakes", model), params, work, in_pairs=True) for model in (1, 2))
    return one.minus(other)["SWDx1e3_avg"]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intervals.differences", description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[8, 16, 48, 200], help="per set")
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--params", type=Path, default=Path("presets/photos.yaml"))
    given = parser.parse_args()
    params = load_params(given.params).evaluate.model_copy(update=QUICK)
    print("| images | models | spread | standard error | holds 0 |\n|---|---|---|---|---|")
    for count in given.images:
        for off in (False, True):
            print(_row(count, params, given.draws, off=off), flush=True)


def _row(count: int, params: EvaluateParams, draws: int, *, off: bool) -> str:
    seeds = (params.model_copy(update={"seed": seed}) for seed in range(draws))
    found = [drawn_difference(count, each, Work(1), off=off) for each in seeds]
    values, errors = (np.array([getattr(each, name) for each in found]) for name in ("value", "error"))
    held = np.mean([low <= 0 <= high for low, high in (each.interval or (1, -1) for each in found)])
    error = np.sqrt(np.square(errors).mean())
    model = "clearly off" if off else "as good as real images"
    return f"| {count} | {model} | {values.std():.2f} | {error:.2f} | {100 * held:.1f} % of {draws} |"


if __name__ == "__main__":
    run_command(main)
