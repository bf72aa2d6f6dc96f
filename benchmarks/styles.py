"""`python -m benchmarks.styles --pictures DIR`: are styles right, on labelled and drawn pictures?"""

import argparse
import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from curate.decode import decode, open_picture
from curate.evidence import Evidence, evidence_of
from curate.style import HANGING, Style, scores_of, style_of
from demo_shop.draw.sketch import sketch_of
from demo_shop.drawn import Drawn
from fashion_pggan.command import run_command
from fashion_pggan.errors import UserError

LABELS = Path(__file__).parents[1] / "tests/curate/labels.csv"
SHOWN = {"flat": "flat", "hanger": "mannequin", "torso": "mannequin", "two": "several", "banner": "banner"}
SMALLEST = 256  # pixels, drawn pictures below are left out
FOLDS = 5
Labelled = list[tuple[str, Evidence]]


def main() -> None:
    """Print a confusion table for each set, then the hanging model anew by cross-validation."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.styles", description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True, help="the folder that labels.csv speaks of")
    parser.add_argument("--drawn", type=int, default=400, help="how many drawn garments")
    arguments = parser.parse_args()
    photographs = list(_photographs(arguments.pictures))
    _report("photographs", photographs)
    _report("drawn", list(_drawn(arguments.drawn)))
    _refit(photographs)


def _photographs(folder: Path) -> Iterator[tuple[str, Evidence]]:
    with LABELS.open(newline="") as file:
        for row in csv.DictReader(file):
            path = folder / row["file"]
            if not path.is_file():
                raise UserError(f"no {row['file']} in {folder}: give the folder that {LABELS} speaks of")
            yield row["style"], evidence_of(decode(open_picture(path.read_bytes())).pixels)


def _drawn(count: int) -> Iterator[tuple[str, Evidence]]:
    shop = Drawn(count)
    for index in range(count):
        sketch = sketch_of(index)
        whole = not sketch.fault and sketch.picture_index == index
        if whole and min(sketch.width, sketch.height) >= SMALLEST:
            pixels = decode(open_picture(shop.picture(index))).pixels
            yield SHOWN[sketch.shot], evidence_of(pixels)


def _report(name: str, labelled: Labelled) -> None:
    said = Counter((label, style_of(scores_of(evidence)).value) for label, evidence in labelled)
    styles = [style.value for style in Style]
    print(f"\n{name}: {len(labelled)} pictures; rows are labels, columns what is said\n")
    print("| | " + " | ".join(styles) + " | recall | precision |")
    print("|---|" + "---|" * (len(styles) + 2))
    for label in styles:
        row = [said[label, other] for other in styles]
        column = sum(said[other, label] for other in styles)
        right = said[label, label]
        print(
            f"| {label} | {' | '.join(map(str, row))} | {_share(right, sum(row))} | {_share(right, column)} |"
        )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"


def _refit(labelled: Labelled) -> None:
    """Fit the hanging model on photographs; each is judged by a model that has not seen it."""
    chosen = [(label, evidence) for label, evidence in labelled if label in ("flat", "mannequin")]
    facts = np.array([[getattr(evidence, name) for name in HANGING] for _, evidence in chosen])
    truth = np.array([label == "mannequin" for label, _ in chosen], dtype=float)
    folds = np.random.default_rng(0).integers(FOLDS, size=len(truth))
    said = np.zeros(len(truth), dtype=bool)
    for fold in range(FOLDS):
        weights = _fit(facts[folds != fold], truth[folds != fold])
        said[folds == fold] = facts[folds == fold] @ weights[:-1] + weights[-1] > 0
    right = int((said & (truth > 0)).sum())
    recall, precision = right / truth.sum(), right / said.sum()
    print(f"\nhanging against flat, {FOLDS}-fold: recall {recall:.2f}, precision {precision:.2f}")
    weights = _fit(facts, truth)
    print(
        "fitted on all:",
        {name: round(float(weight), 4) for name, weight in zip([*HANGING, "bias"], weights, strict=True)},
    )


def _fit(facts: npt.NDArray[np.float64], truth: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Logistic regression with both classes weighing alike and a light ridge; weights, then the bias."""
    mean, deviation = facts.mean(axis=0), facts.std(axis=0)
    inputs = np.column_stack([(facts - mean) / deviation, np.ones(len(facts))])
    share = truth.mean()
    importance = np.where(truth > 0, 0.5 / share, 0.5 / (1 - share)) / len(truth)
    weights = np.zeros(inputs.shape[1])
    for _ in range(3000):
        error = (1 / (1 + np.exp(-inputs @ weights)) - truth) * importance
        ridge = np.append(weights[:-1], 0) / len(truth)
        weights -= 0.5 * (inputs.T @ error + ridge)
    scaled = weights[:-1] / deviation
    return np.append(scaled, weights[-1] - scaled @ mean)


if __name__ == "__main__":
    run_command(main)
