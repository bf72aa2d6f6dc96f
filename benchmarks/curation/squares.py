"""`python -m benchmarks.curation.squares IMAGES [--crop top] [--sheet OUT.png]`: what squares lack and add.

Prints shares of the images in a folder: those whose square reaches beyond the image, and those whose garment
it cuts, and by how much. The sheet shows each image with its box, then its square.
"""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from benchmarks.curation.photographs import photographs_in
from curate.facts.evidence import garment_of
from curate.facts.view import View
from curate.people.seen import people_in
from curate.pixels.measure import Pixels, reduced
from curate.squares.crop import PLAIN, WHOLE, Box, Square, box_in, square_of
from curate.weights.installed import installed
from fashion_pggan.command.edge import run_command
from fashion_pggan.params import CurateParams, load_params
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

    @property
    def cut(self) -> float:
        """The share of the garment's longer side that lies outside the square."""
        height, width, _ = self.pixels.shape
        longest = max(self.box[2] * width, self.box[3] * height)
        return 0.0 if self.box == WHOLE else max(1.0 - self.square.side / longest, 0.0)


def main() -> None:
    """Print the shares and write the sheet."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curation.squares", description=__doc__)
    parser.add_argument("images", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take every so many-th image of the folder")
    parser.add_argument("--crop", choices=("garment", "top"), default="garment")
    parser.add_argument("--sheet", type=Path, help="a PNG of the first 60 images")
    arguments = parser.parse_args()
    params = load_params(Path("presets/photos.yaml")).curate
    params = params.model_copy(update={"crop": arguments.crop, "enlarge": True})
    cropped = list(_cropped(arguments.images, arguments.every, params))
    bars, cuts = (np.array([getattr(each, name) for each in cropped]) for name in ("bar", "cut"))
    plain = np.array([each.plain for each in cropped])
    print(f"{len(cropped)} images")
    for name, far in (("beyond the image", bars > 0), (f"by more than {WIDE:.0%} of it", bars > WIDE)):
        print(f"square reaches {name}: {far.mean():.1%}; not on plain ground: {(far & ~plain).mean():.1%}")
    print(f"square cuts the garment: {(cuts > 0).mean():.1%}; by more than 5%: {(cuts > 0.05).mean():.1%}")
    if arguments.sheet:
        _write_sheet(arguments.sheet, cropped[:60])


def _cropped(folder: Path, every: int, params: CurateParams) -> Iterator[Cropped]:
    for pixels in photographs_in(folder, every=every):
        view = View(pixels)
        height, width, _ = pixels.shape
        facts = {"width": width, "height": height, **asdict(garment_of(view))}
        if params.crop == "top":
            facts |= asdict(people_in(view.seen, installed()))
        plain = facts["border_uniformity"] >= PLAIN
        yield Cropped(pixels, box_in(facts, params), square_of(facts, params), plain)


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
