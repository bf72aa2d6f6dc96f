"""`python -m benchmarks.styles --images DIR`: are styles right, on labelled photographs and drawn garments?

`--fit` first fits the weights of curate/facts/appearance.py, on other images than those measured.
"""

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.curation.fitting.logistic import logistic_weights
from benchmarks.curation.photographs import drawn_garments, pixels_in
from curate.facts import appearance
from curate.facts.appearance import Look, features_of
from curate.facts.evidence import evidence_of
from curate.facts.style import Style, scores_of, style_of
from curate.pixels.measure import Pixels
from fashion_pggan.command.edge import run_command
from fashion_pggan.errors import UserError

LABELS = Path(__file__).parents[1] / "tests/curate/labels.csv"
SHOWN = {"flat": "flat", "hanger": "mannequin", "torso": "mannequin", "two": "several", "banner": "banner"}
FITTED_DRAWN = 300  # drawn garments for fitting; the measured ones come after them
RIDGE = 1.0  # pulls weights to zero
PART = (0.5, 0.8)  # of the garment's box: a close-up made of a whole image


class Labelled(NamedTuple):
    """An image and how it is shown."""

    style: str
    pixels: Pixels


def main() -> None:
    """Print a confusion table for each set."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.styles", description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="the folder that labels.csv speaks of")
    parser.add_argument("--drawn", type=int, default=600, help="how many drawn garments are measured")
    parser.add_argument("--fit", action="store_true", help="fit the weights before")
    arguments = parser.parse_args()
    if arguments.fit:
        fitted = list(_photographs(arguments.images, "fit"))
        _fit_all(fitted, list(_drawn(range(FITTED_DRAWN))))
        print(f"fitted on {len(fitted)} photographs; start again without --fit to measure", file=sys.stderr)
        return
    photographs = list(_photographs(arguments.images, "measure"))
    _report("photographs", photographs)
    _report("drawn", list(_drawn(range(FITTED_DRAWN, FITTED_DRAWN + arguments.drawn))))
    _report_close_ups(photographs)


def _photographs(folder: Path, use: str) -> Iterator[Labelled]:
    with LABELS.open(newline="") as file:
        for row in csv.DictReader(file):
            path = folder / row["file"]
            if row["use"] != use:
                continue
            if not path.is_file():
                raise UserError(f"no {row['file']} in {folder}: give the folder that {LABELS} speaks of")
            yield Labelled(row["style"], pixels_in(path.read_bytes()))


def _drawn(indices: range) -> Iterator[Labelled]:
    return (Labelled(SHOWN[sketch.shot], pixels) for sketch, pixels in drawn_garments(indices))


def _report(name: str, images: list[Labelled]) -> None:
    said = Counter((label, style_of(scores_of(evidence_of(pixels))).value) for label, pixels in images)
    styles = [style.value for style in Style]
    print(f"\n{name}: {len(images)} images; rows are labels, columns what is said\n")
    print("| | " + " | ".join(styles) + " | recall | precision |")
    print("|---|" + "---|" * (len(styles) + 2))
    for label in styles:
        row = [said[label, other] for other in styles]
        column = sum(said[other, label] for other in styles)
        shares = _share(said[label, label], sum(row)), _share(said[label, label], column)
        print(f"| {label} | {' | '.join(map(str, row))} | {' | '.join(shares)} |")


def _report_close_ups(photographs: list[Labelled]) -> None:
    parts = [_part_of(pixels, np.random.default_rng(index)) for index, (_, pixels) in enumerate(photographs)]
    found = sum(evidence_of(part).close_up > 0.5 for part in parts)
    print(f"\nparts cut out of the photographs: {found} of {len(parts)} seen as close-ups")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"


def _fit_all(photographs: list[Labelled], drawn: list[Labelled]) -> None:
    """Write appearance.npy."""
    shown = [image for image in (*photographs, *drawn) if image.style in ("flat", "mannequin")]
    mirrored = [image._replace(pixels=np.ascontiguousarray(image.pixels[:, ::-1])) for image in shown]
    hangs = [(image.style == "mannequin", image.pixels) for image in (*shown, *mirrored)]
    random = np.random.default_rng(0)
    wholes = [image.pixels for image in photographs if image.style != "close_up"]
    parts = [_part_of(pixels, random) for pixels in wholes]
    parts += [image.pixels for image in photographs if image.style == "close_up"]
    close_ups = [*((False, pixels) for pixels in wholes), *((True, pixels) for pixels in parts)]
    weights = {Look.HANGING: _fit(hangs, share=0.5), Look.CLOSE_UP: _fit(close_ups, share=0.2)}
    np.save(appearance.WEIGHTS, np.stack([weights[look] for look in Look]).astype(np.float32))


def _part_of(pixels: Pixels, random: np.random.Generator) -> Pixels:
    """A close-up: half or more of the garment's box, somewhere near its middle."""
    height, width, _ = pixels.shape
    box = evidence_of(pixels)
    across, down = min(box.box_width, 0.9) * width, min(box.box_height, 0.9) * height
    part, aspect = random.uniform(*PART), random.uniform(0.75, 1.35)
    part_width, part_height = across * part * min(aspect, 1), down * part * min(1 / aspect, 1)
    x = (box.box_left + box.box_width / 2) * width + random.uniform(-0.12, 0.12) * across - part_width / 2
    y = (box.box_top + box.box_height / 2) * height + random.uniform(-0.25, 0.15) * down - part_height / 2
    left, top = int(np.clip(x, 0, width - part_width)), int(np.clip(y, 0, height - part_height))
    return pixels[top : top + int(part_height) + 1, left : left + int(part_width) + 1]


def _fit(images: list[tuple[bool, Pixels]], share: float) -> npt.NDArray[np.float64]:
    """Logistic regression with a ridge, as if this share were positive, by Newton's method; bias last."""
    features = np.stack([features_of(pixels) for _, pixels in images]).astype(np.float64)
    truth = np.array([label for label, _ in images], dtype=float)
    mean = features.mean(axis=0)
    _, _, axes = np.linalg.svd(features - mean, full_matrices=False)
    weights = logistic_weights((features - mean) @ axes.T, truth, share, RIDGE)
    return np.append(axes.T @ weights[:-1], weights[-1] - mean @ (axes.T @ weights[:-1]))


if __name__ == "__main__":
    run_command(main)
