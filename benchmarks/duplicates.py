"""`python -m benchmarks.duplicates --images DIR`: which copies are found, and what is taken for one."""

import argparse
from collections.abc import Callable
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from curate.copies.pairs import Fingerprints, copies_among
from curate.facts.fingerprint import Fingerprint, fingerprint_of
from curate.pixels.decode import decode, open_image
from curate.pixels.measure import Pixels
from fashion_pggan.command.edge import run_command
from fashion_pggan.errors import UserError

NEAR_BITS = 32
STRIPES = (0, 3, 6, 10, 20, 256)  # grey levels, mean change by another colour


def main() -> None:
    """Print a table of kinds of copies, then one of colour variants."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.duplicates", description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="a folder of photographs, no two alike")
    parser.add_argument("--copied", type=int, default=300, help="how many of them are copied")
    arguments = parser.parse_args()
    paths = sorted(path for path in arguments.images.iterdir() if path.is_file())
    if not paths:
        raise UserError(f"no images in {arguments.images}: give a folder of photographs")
    images = [decode(open_image(path.read_bytes())).pixels for path in paths]
    prints = [fingerprint_of(pixels) for pixels in images]
    print(f"pairs among {len(images)} photographs: {len(_pairs(prints, 0))}\n")
    print("| copy | found | other images taken for copies |\n|---|---|---|")
    copied = images[: arguments.copied]
    for name, change in CHANGES.items():
        pairs = _pairs(prints + [fingerprint_of(change(pixels)) for pixels in copied], len(copied))
        right = sum(int(one) == int(other) - len(prints) for one, other in pairs)
        print(f"| {name} | {right / len(copied):.2f} | {len(pairs) - right} |", flush=True)
    _variants(copied, prints[: len(copied)])


def _pairs(prints: list[Fingerprint], new: int) -> list[tuple[int, int]]:
    names = [field.name for field in fields(Fingerprint)]
    columns = {name: np.concatenate([getattr(each, name).ravel() for each in prints]) for name in names}
    is_new = np.arange(len(prints)) >= len(prints) - new if new else np.ones(len(prints), bool)
    found = copies_among(Fingerprints.of(columns), is_new, NEAR_BITS)
    return [(int(one), int(other)) for one, other in found]


def _variants(copied: list[Pixels], prints: list[Fingerprint]) -> None:
    print("\n| mean change of a garment's colour, grey levels | images | taken for a copy |\n|---|---|---|")
    changed, taken = [], []
    for turn in (30, 90):
        variants = [_other_colour(pixels, turn) for pixels in copied]
        changed += [
            float(cv2.absdiff(one, other).mean()) for one, other in zip(copied, variants, strict=True)
        ]
        pairs = set(_pairs(prints + [fingerprint_of(pixels) for pixels in variants], len(copied)))
        taken += [(number, number + len(copied)) in pairs for number in range(len(copied))]
    for least, most in pairwise(STRIPES):
        here = [was for change, was in zip(changed, taken, strict=True) if least <= change < most]
        print(f"| {least} to {most} | {len(here)} | {sum(here)} |")


def _part(top: float, bottom: float, left: float, right: float) -> Callable[[Pixels], Pixels]:
    def cut(pixels: Pixels) -> Pixels:
        height, width, _ = pixels.shape
        return pixels[
            round(top * height) : height - round(bottom * height),
            round(left * width) : width - round(right * width),
        ]

    return cut


def _jpeg(pixels: Pixels, quality: int = 50) -> Pixels:
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _brighter(share: float) -> Callable[[Pixels], Pixels]:
    return lambda pixels: np.clip(pixels * share, 0, 255).astype(np.uint8)


def _other_colour(pixels: Pixels, turn: int) -> Pixels:
    """The middle in another hue, as a garment in another colour on the same ground."""
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    height, width, _ = pixels.shape
    middle = hsv[height // 5 : -(height // 5), width // 5 : -(width // 5)]
    middle[..., 0] = (middle[..., 0].astype(int) + turn) % 180
    middle[..., 1] = np.maximum(middle[..., 1], 90)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)


def _banner(pixels: Pixels) -> Pixels:
    changed = pixels.copy()
    changed[round(0.88 * len(changed)) :] = (200, 30, 30)
    return changed


CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "JPEG of quality 50": _jpeg,
    "half the size": lambda pixels: np.asarray(
        cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8
    ),
    "15 % brighter": _brighter(1.15),
    "15 % darker": _brighter(0.85),
    "mirrored": lambda pixels: pixels[:, ::-1].copy(),
    "mirrored, JPEG of quality 60": lambda pixels: _jpeg(pixels[:, ::-1].copy(), 60),
    "without 2 % at each edge": _part(0.02, 0.02, 0.02, 0.02),
    "without 5 % at each edge": _part(0.05, 0.05, 0.05, 0.05),
    "without 8 % at each edge": _part(0.08, 0.08, 0.08, 0.08),
    "without the upper 8 %": _part(0.08, 0, 0, 0),
    "without the left 10 %": _part(0, 0, 0.1, 0),
    "a red strip over the lower 12 %": _banner,
}


if __name__ == "__main__":
    run_command(main)
