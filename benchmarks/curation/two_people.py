"""`python -m benchmarks.curation.two_people WORN OTHERS`: are two people in one image told from one?

WORN is a folder of images with one person each, OTHERS one with nobody. Pairs are two images of WORN beside
each other at one height: with a seam, or fading into each other over 30 and 50 % of the narrower one.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from benchmarks.curation.photographs import photographs_in
from curate.facts.evidence import quality_of
from curate.facts.view import View
from curate.people.seen import people_in, several_of, worn_of
from curate.pixels.measure import Pixels, reduced
from curate.weights.installed import installed, lacking
from fashion_pggan.command.edge import run_command
from fashion_pggan.errors import UserError

PAIRS, HEIGHT = 100, 512  # of a kind; pixels
OVERLAPS = (0.0, 0.3, 0.5)


def main() -> None:
    """Print a line for each kind of image."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curation.two_people", description=__doc__)
    parser.add_argument("worn", type=Path)
    parser.add_argument("others", type=Path)
    parser.add_argument("--every", type=int, default=5, help="of OTHERS, every n-th image")
    arguments = parser.parse_args()
    if missing := lacking():
        raise UserError(f"{missing.what}: run {missing.how}")
    worn = [reduced(pixels) for pixels in photographs_in(arguments.worn)]
    random = np.random.default_rng(0)
    chosen = [random.choice(len(worn), 2, replace=False) for _ in range(PAIRS)]
    print(
        "| images | number | worn above 0.5 | several above 0.5 | collage above 0.6 |\n|---|---|---|---|---|"
    )
    _report("one person", worn)
    for overlap in OVERLAPS:
        pairs = [_joined(worn[one], worn[other], overlap) for one, other in chosen]
        _report(f"two, {overlap:.0%} of one under the other", pairs)
    _report("nobody", photographs_in(arguments.others, every=arguments.every))


def _report(name: str, images: Iterable[Pixels]) -> None:
    said = []
    for pixels in images:
        people = people_in(pixels, installed())
        said.append((worn_of(people) > 0.5, several_of(people) > 0.5, quality_of(View(pixels)).collage > 0.6))
    shares = " | ".join(f"{share:.3f}" for share in np.mean(said, axis=0))
    print(f"| {name} | {len(said)} | {shares} |", flush=True)


def _joined(one: Pixels, other: Pixels, overlap: float) -> Pixels:
    """Two images beside each other at one height."""
    left, right = (
        cv2.resize(each, (round(each.shape[1] * HEIGHT / len(each)), HEIGHT), interpolation=cv2.INTER_AREA)
        for each in (one, other)
    )
    under = round(overlap * min(left.shape[1], right.shape[1]))
    start = left.shape[1] - under
    joined = np.zeros((HEIGHT, start + right.shape[1], 3), np.float32)
    joined[:, : left.shape[1]] = left
    share = np.clip(np.arange(1, right.shape[1] + 1) / max(under, 1), 0, 1)[None, :, None]
    joined[:, start:] = joined[:, start:] * (1 - share) + right * share
    return joined.round().astype(np.uint8)


if __name__ == "__main__":
    run_command(main)
