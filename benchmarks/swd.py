"""`python -m benchmarks.swd`: our distance against the same algorithm in plain NumPy and SciPy."""

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import convolve

from benchmarks.memory import PeakMemory
from evaluate.comparison.compare import compare, describe
from evaluate.sets.image_set import ImageSet
from fashion_pggan.command.edge import run_command
from fashion_pggan.devices import device_of
from fashion_pggan.distance.descriptors import draw_centres
from fashion_pggan.distance.pyramid import levels_of
from fashion_pggan.distance.swd import draw_directions
from fashion_pggan.distance.work import Work
from fashion_pggan.params import EvaluateParams, load_params
from fashion_pggan.provenance import cores, git_commit
from fashion_pggan.storage.shards import Images

Result = TypeVar("Result")
Floats = npt.NDArray[np.float32]
FILTER = np.outer((1, 4, 6, 4, 1), (1, 4, 6, 4, 1)).astype(np.float32) / 256
MADE = 64  # drawn images, repeated with other brightness: speed does not depend on content


def main() -> None:
    """Measure both on the same images in one run, check that they agree, print times and peak memory."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.swd", description=__doc__)
    parser.add_argument("--images", type=int, default=256, help="per set")
    parser.add_argument("--resolution", type=int, default=512, help="pixels")
    parser.add_argument("--minibatch", type=int, default=16, help="images read at once")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--no-plain", action="store_true", help="ours alone")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    given = parser.parse_args()
    params = load_params(given.params).evaluate.model_copy(update={"minibatch": given.minibatch})
    work = Work.on(device_of(given.device))
    print(f"{cores()}, {work}, torch {torch.__version__}, {git_commit()}")
    print(f"{given.images} images per set of {given.resolution} px\n")
    sets = [_images(name, given.images, given.resolution) for name in ("reals", "fakes")]
    _timed("framework alone", lambda: torch.zeros(8, 8) @ torch.zeros(8, 8))
    without = params.model_copy(update={"replicates": 0})
    ours = _timed("ours, no intervals", partial(_ours, sets, without, work))
    _timed("ours, with intervals", partial(_ours, sets, params, work))
    if not given.no_plain:
        plain = _timed("plain NumPy and SciPy", partial(_plain, sets, params))
        worst = max(abs(ours[level] / plain[level] - 1) for level in plain)
        print(f"\nlargest relative difference of a level: {worst:.1e}")


def _timed(name: str, measure: Callable[[], Result]) -> Result:
    with PeakMemory() as memory:
        began = time.monotonic()
        result = measure()
        seconds = time.monotonic() - began
    print(f"| {name} | {seconds:.1f} s | peak {memory.peak / 1e9:.2f} GB |", flush=True)
    return result


def _images(name: str, count: int, resolution: int) -> ImageSet:
    """Coarse noise plus fine noise, repeated with other brightness."""
    random = np.random.default_rng(list(name.encode()))
    drawn = np.full((MADE, resolution, resolution, 3), 128.0, dtype=np.float32)
    side = 4
    while side <= resolution:
        rough = random.normal(0, 18, (MADE, side, side, 3)).astype(np.float32)
        drawn += rough.repeat(resolution // side, axis=1).repeat(resolution // side, axis=2)
        side *= 2
    made = np.clip(np.rint(drawn), 0, 255).astype(np.uint8)
    made = np.concatenate([made, made // 2, made // 3])

    def read(indices: range) -> Images:
        return np.stack([made[index % len(made)] for index in indices])

    return ImageSet(name, count, resolution, read)


def _ours(sets: list[ImageSet], params: EvaluateParams, work: Work) -> dict[int, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) if work.device is None else None  # a device holds them
        began = time.monotonic()
        described = [
            describe(images, params, folder and folder / images.name, work, lambda _: None) for images in sets
        ]
        print(f"| of which describing | {time.monotonic() - began:.1f} s | |")
        distances = compare(described[0], described[1], params, work)
    return {level: estimate.value for level, estimate in distances.levels.items()}


def _plain(sets: list[ImageSet], params: EvaluateParams) -> dict[int, float]:
    """The algorithm in its plainest form, with the same draws (docs/explanation/distance.md)."""
    clouds = [_plain_descriptors(images, params) for images in sets]
    found = {}
    for level in list(clouds[0]):
        ours, theirs = (_plain_normalised(cloud.pop(level)) for cloud in clouds)
        repeats = []
        for repeat in range(params.repeats):
            directions = draw_directions(params.seed, repeat, ours.shape[1], params.directions)
            repeats.append(
                np.abs(np.sort(ours @ directions, axis=0) - np.sort(theirs @ directions, axis=0)).mean()
            )
        found[level] = float(np.mean(repeats)) * 1000
    return found


def _plain_descriptors(images: ImageSet, params: EvaluateParams) -> dict[int, Floats]:
    side, patches = params.patch_side, params.patches_per_image
    reach = side // 2
    levels = levels_of(images.resolution, params.smallest_level)
    places = {
        level: draw_centres(params.seed, images.name, level, images.count, patches, side) for level in levels
    }
    cut: dict[int, list[Floats]] = {level: [] for level in levels}
    for index in range(images.count):
        image = images.read(range(index, index + 1))[0].astype(np.float32)
        for level, detail in zip(levels, _plain_pyramid(image, len(levels)), strict=True):
            for row, column in places[level][index]:
                square = detail[row - reach : row + reach + 1, column - reach : column + reach + 1]
                cut[level].append(square.transpose(2, 0, 1))
    return {level: np.stack(squares) for level, squares in cut.items()}


def _plain_pyramid(image: Floats, levels: int) -> list[Floats]:
    details = []
    for _ in range(levels - 1):
        below = convolve(image, FILTER[:, :, None], mode="mirror")[::2, ::2]
        spread = np.zeros_like(image)
        spread[::2, ::2] = below
        details.append(image - convolve(spread, FILTER[:, :, None] * 4, mode="mirror"))
        image = below
    return [*details, image]


def _plain_normalised(cloud: Floats) -> Floats:
    cloud = cloud - cloud.mean(axis=(0, 2, 3), keepdims=True, dtype=np.float64)
    cloud /= cloud.std(axis=(0, 2, 3), keepdims=True)
    flat: Floats = cloud.reshape(len(cloud), -1).astype(np.float32)
    return flat


if __name__ == "__main__":
    run_command(main)
