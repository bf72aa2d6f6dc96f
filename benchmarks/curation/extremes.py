"""`python -m benchmarks.curation.extremes IMAGES FOREIGN`: do the sheets of extremes show what is strange?

Hides 15 foreign images, and then 15 blurred ones, among 600 of IMAGES, and counts those among the 60 shown.
"""

import argparse
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.curation.photographs import photographs_in
from curate.pixels.measure import Pixels
from curate.report.extremes import extremes_of
from curate.squares.crop import centre_square
from fashion_pggan.command.edge import run_command

USUAL, HIDDEN, SHOWN, SIDE, DRAWS = 600, 15, 60, 128, 4
BLURS = (3, 6)  # pixels of 512, standard deviation


def main() -> None:
    """Print how many are found in each draw."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curation.extremes", description=__doc__)
    parser.add_argument("images", type=Path)
    parser.add_argument("foreign", type=Path, help="a folder of other photographs")
    arguments = parser.parse_args()
    usual = _squares(arguments.images, USUAL)
    foreign = _squares(arguments.foreign, HIDDEN * DRAWS)
    for draw in range(DRAWS):
        hidden = foreign[draw::DRAWS]
        unusual = extremes_of([*usual, *hidden], SHOWN)["unusual"]
        print(f"foreign images found: {sum(place >= len(usual) for place in unusual)} of {len(hidden)}")
    chosen = np.random.default_rng(0).permutation(len(usual))[:HIDDEN].tolist()
    for sigma in BLURS:
        images = usual.copy()
        for place in chosen:
            images[place] = cv2.GaussianBlur(usual[place], (0, 0), sigma * SIDE / 512)
        found = {*chosen} & {*extremes_of(images, SHOWN)["blurred"]}
        print(f"blurred by {sigma} pixels of 512 found: {len(found)} of {HIDDEN}")


def _squares(folder: Path, most: int) -> npt.NDArray[np.uint8]:
    """Evenly spread images of a folder."""
    count = sum(1 for _ in folder.iterdir())
    images = islice(photographs_in(folder), 0, None, max(count // most, 1))
    return np.stack([_square(pixels) for pixels in islice(images, most)])


def _square(pixels: Pixels) -> Pixels:
    height, width, _ = pixels.shape
    square = centre_square(width, height).of(pixels)
    return np.asarray(cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


if __name__ == "__main__":
    run_command(main)
