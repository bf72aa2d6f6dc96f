"""`python -m benchmarks.intervals.changed_copies DATASET`: how many altered copies are found?

The first images of a seeded order are the training images, the others are held out. Copies are made of
training images by one change each; held-out images stand for an honest generator.
"""

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from evaluate.measures.aligned import alike
from evaluate.sets.image_set import ImageSet
from fashion_pggan.command.edge import run_command
from fashion_pggan.storage.shards import Dataset, Images

HELD_OUT = 500  # images
Change = Callable[[Images, Images, np.random.Generator], Images]  # a training image, another, a draw


def warped(image: Images, place: list[list[float]]) -> Images:
    """An image moved by a matrix (2, 3); what lies beyond its edges is that of its edges."""
    matrix = np.array(place, np.float32)
    return np.asarray(
        cv2.warpAffine(image, matrix, image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def shifted(image: Images, _: Images, random: np.random.Generator, *, most: int) -> Images:
    """Shifted by `most` pixels along one axis, and by up to as many along the other."""
    moves = [most * random.choice((-1, 1)), random.integers(-most, most + 1)]
    across, down = random.permutation(moves)
    return warped(image, [[1, 0, across], [0, 1, down]])


def zoomed(image: Images, _: Images, random: np.random.Generator, *, share: float) -> Images:
    """Zoomed in or out around its middle."""
    zoom, middle = 1 + share * random.choice((-1, 1)), (len(image) - 1) / 2
    return warped(image, [[zoom, 0, middle - zoom * middle], [0, zoom, middle - zoom * middle]])


def rotated(image: Images, _: Images, random: np.random.Generator, *, degrees: float) -> Images:
    """Rotated to either side around its middle."""
    middle = (len(image) - 1) / 2
    return warped(
        image, cv2.getRotationMatrix2D((middle, middle), degrees * random.choice((-1, 1)), 1).tolist()
    )


def blended(image: Images, other: Images, _: np.random.Generator) -> Images:
    """70 % of it and 30 % of another image."""
    return np.rint(0.7 * image + 0.3 * other).astype(np.uint8)


def pasted(image: Images, other: Images, random: np.random.Generator) -> Images:
    """A half of it in another image."""
    half, made = len(image) // 2, other.copy()
    halves = np.s_[:half], np.s_[half:], np.s_[:, :half], np.s_[:, half:]
    chosen = halves[random.integers(4)]
    made[chosen] = image[chosen]
    return made


CHANGES: Mapping[str, Change] = {
    **{f"shifted by {most} px": partial(shifted, most=most) for most in (1, 2, 4, 8)},
    **{f"zoomed by {share:.0%}": partial(zoomed, share=share) for share in (0.05, 0.1)},
    "rotated by 3 degrees": partial(rotated, degrees=3),
    "blended, 70 % and 30 %": blended,
    "a half pasted": pasted,
}


def main() -> None:
    """Print a row per change and resolution."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.intervals.changed_copies", description=__doc__
    )
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--sides", type=int, nargs="+", default=[32, 64], help="pixels")
    parser.add_argument("--copies", type=int, default=200, help="of each kind")
    given = parser.parse_args()
    print("| side | images | found |\n|---|---|---|")
    for side in given.sides:
        dataset = Dataset(given.dataset)
        order = np.random.default_rng(0).permutation(len(dataset))
        images = dataset.images(order, side)
        training, others = images[:-HELD_OUT], images[-HELD_OUT:]
        for name, change in CHANGES.items():
            random = np.random.default_rng(1)
            copies = [change(training[place], others[place], random) for place in range(given.copies)]
            print(f"| {side} px | {name} | {_found(np.stack(copies), training):.1%} |", flush=True)
        print(
            f"| {side} px | held-out photographs (false alarms) | {_found(others, training):.1%} |",
            flush=True,
        )


def _set_of(name: str, images: Images) -> ImageSet:
    return ImageSet(name, len(images), images.shape[1], lambda part: images[part.start : part.stop])


def _found(images: Images, training: Images) -> float:
    made, real = (_set_of(name, each) for name, each in (("fakes", images), ("reals", training)))
    return float((alike(made, real).likeness > 1).mean())


if __name__ == "__main__":
    run_command(main)
