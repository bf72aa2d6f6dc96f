"""`python -m benchmarks.curation.squares IMAGES [--sheet OUT.png]`: how much of the squares is no image?

Prints shares of the images in a folder: those whose square reaches beyond the image, and by how much. The
sheet shows each image with its box, then its square.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from benchmarks.curation.photographs import photographs_in
from curate.facts.evidence import evidence_of
from curate.pixels.measure import Pixels, reduced
from curate.squares.crop import PLAIN, Box, Square, garment_square
from fashion_pggan.command.edge import run_command
from fashion_pggan.storage.files import write_bytes

SIDE, GAP, COLUMNS = 150, 6, 6  # pixels, pixels, images in a row of the sheet
WIDE = 0.15  # of the square: a bar that is seen


class Cropped(NamedTuple):
    """An image and its square."""

    pixels: Pixels
    box: Box
    square: Square
    plain: bool

    @property
    def bar(self) -> float:
        """The share of the square that lies beyond the image."""
        short = min(self.pixels.shape[:2])
        return max(1.0 - float(short) / self.square.side, 0.0)


def main() -> None:
    """Print the shares and write the sheet."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curation.squares", description=__doc__)
    parser.add_argument("images", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take every so many-th image of the folder")
    parser.add_argument("--sheet", type=Path, help="a PNG of the first 60 images")
    arguments = parser.parse_args()
    cropped = list(_cropped(arguments.images, arguments.every))
    bars = np.array([each.bar for each in cropped])
    plain = np.array([each.plain for each in cropped])
    print(f"{len(cropped)} images")
    for name, far in (("beyond the image", bars > 0), (f"by more than {WIDE:.0%} of it", bars > WIDE)):
        print(f"square reaches {name}: {far.mean():.1%}; not on plain ground: {(far & ~plain).mean():.1%}")
    if arguments.sheet:
        _write_sheet(arguments.sheet, cropped[:60])


def _cropped(folder: Path, every: int) -> Iterator[Cropped]:
    for pixels in photographs_in(folder, every=every):
        evidence = evidence_of(pixels)
        height, width, _ = pixels.shape
        box = (evidence.box_left, evidence.box_top, evidence.box_width, evidence.box_height)
        plain = evidence.border_uniformity >= PLAIN
        yield Cropped(pixels, box, garment_square(width, height, box, 1, plain=plain), plain)


def _write_sheet(path: Path, cropped: list[Cropped]) -> None:
    tiles = [_tile(each) for each in cropped]
    while len(tiles) % COLUMNS:
        tiles.append(np.full_like(tiles[0], 255))
    rows = [np.concatenate(tiles[start : start + COLUMNS], 1) for start in range(0, len(tiles), COLUMNS)]
    sheet = cv2.cvtColor(np.concatenate(rows), cv2.COLOR_RGB2BGR)
    write_bytes(path, cv2.imencode(".png", sheet)[1].tobytes())


def _tile(each: Cropped) -> Pixels:
    """(SIDE + GAP, 2 * (SIDE + GAP), 3): the image with its box, and its square."""
    shown = reduced(each.pixels, SIDE).copy()
    height, width, _ = shown.shape
    left, top, across, down = each.box
    corner = round((left + across) * width) - 1, round((top + down) * height) - 1
    cv2.rectangle(shown, (round(left * width), round(top * height)), corner, (255, 0, 0), 1)
    square = reduced(each.square.of(each.pixels, each.box), SIDE)
    tile = np.full((SIDE + GAP, 2 * (SIDE + GAP), 3), 255, np.uint8)
    tile[:height, :width] = shown
    tile[: len(square), SIDE + GAP :][:, : len(square)] = square
    return tile


if __name__ == "__main__":
    run_command(main)
