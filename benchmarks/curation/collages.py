"""`python -m benchmarks.curation.collages IMAGES`: are pairs and grids of 2 x 2 seen by their seams?"""

import argparse
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from benchmarks.curation.photographs import photographs_in
from curate.facts.evidence import quality_of
from curate.facts.view import View
from curate.pixels.measure import Pixels
from fashion_pggan.command.edge import run_command

SIDE, EACH = 400, 60  # pixels of a part; collages of a kind


def main() -> None:
    """Print the share above each threshold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curation.collages", description=__doc__)
    parser.add_argument("images", type=Path)
    parser.add_argument("--first", type=int, default=0, help="images of the folder to pass over")
    parser.add_argument("--untouched", type=int, default=300)
    arguments = parser.parse_args()
    images = photographs_in(arguments.images, arguments.first)
    scores = {"untouched": [_score(pixels) for pixels in islice(images, arguments.untouched)]}
    parts = [cv2.resize(pixels, (SIDE * 3 // 4, SIDE)) for pixels in islice(images, 4 * EACH)]
    scores["pair"] = [_score(np.hstack(parts[start : start + 2])) for start in range(0, 2 * EACH, 2)]
    fours = [parts[start : start + 4] for start in range(0, 4 * EACH, 4)]
    scores["grid"] = [_score(np.vstack([np.hstack(four[:2]), np.hstack(four[2:])])) for four in fours]
    for least in (0.6, 0.7, 0.8, 0.9):
        print(
            least, {kind: round(float((np.array(given) > least).mean()), 3) for kind, given in scores.items()}
        )


def _score(pixels: Pixels) -> float:
    return quality_of(View(pixels)).collage


if __name__ == "__main__":
    run_command(main)
