"""`python -m benchmarks.crops OUT.png [--images DIR]`: images beside both of their squares."""

import argparse
from pathlib import Path

import cv2
import numpy as np

from benchmarks.curation.photographs import drawn_garments, photographs_in
from curate.facts.evidence import evidence_of
from curate.pixels.measure import Pixels, reduced
from curate.squares.crop import PLAIN, centre_square, garment_square
from fashion_pggan.command.edge import run_command
from fashion_pggan.storage.files import write_bytes

SIDE, GAP = 128, 6  # pixels, of a square and between two
STEP, DRAWN = 7, 400  # every so many images of a folder; how many are drawn otherwise


def main() -> None:
    """Write a sheet: each column an image as received, its centre square, the square around its garment."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crops", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--images", type=Path, help="a folder (default: garments that the demo shop draws)")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--columns", type=int, default=10)
    arguments = parser.parse_args()
    photographs = photographs_in(arguments.images, every=STEP) if arguments.images else None
    images = photographs or (pixels for _, pixels in drawn_garments(range(DRAWN)))
    tiles = [_tile(pixels) for pixels, _ in zip(images, range(arguments.count), strict=False)]
    while len(tiles) % arguments.columns:
        tiles.append(np.full_like(tiles[0], 255))
    rows = [
        np.concatenate(tiles[start : start + arguments.columns], axis=1)
        for start in range(0, len(tiles), arguments.columns)
    ]
    sheet = cv2.cvtColor(np.concatenate(rows), cv2.COLOR_RGB2BGR)
    write_bytes(arguments.out, cv2.imencode(".png", sheet)[1].tobytes())


def _tile(pixels: Pixels) -> Pixels:
    """(3 * (SIDE + GAP), SIDE + GAP, 3)."""
    height, width, _ = pixels.shape
    evidence = evidence_of(pixels)
    box = (evidence.box_left, evidence.box_top, evidence.box_width, evidence.box_height)
    plain = evidence.border_uniformity >= PLAIN
    squares = centre_square(width, height), garment_square(width, height, box, SIDE, plain=plain)
    shown = [reduced(pixels, SIDE), *(reduced(square.of(pixels, box), SIDE) for square in squares)]
    tile = np.full((len(shown) * (SIDE + GAP), SIDE + GAP, 3), 255, np.uint8)
    for row, image in enumerate(shown):
        tile[row * (SIDE + GAP) :][: image.shape[0], : image.shape[1]] = image
    return tile


if __name__ == "__main__":
    run_command(main)
