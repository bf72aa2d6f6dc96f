"""`python -m benchmarks.curation.people IMAGES LABELS.csv`: is what is worn recognised, and by what?

LABELS.csv has the columns file, kind and use. A kind that begins with `not` is not worn (`not worn`); every
other is (`front`, `back`, `torso`, …). The use is fit or report. Fronts and backs are measured again without
the head, as `cut`. `--fit` prints the numbers of curate/people/seen.py, fitted on the images of that use.
"""

import argparse
import csv
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.curation.fitting.logistic import logistic_weights
from curate.facts.evidence import evidence_of
from curate.facts.style import Style, scores_of
from curate.people.seen import WEIGHTS, people_in, worn_of
from curate.pixels.decode import decode, open_image
from curate.pixels.measure import Pixels
from curate.weights.installed import installed, lacking
from fashion_pggan.command.edge import run_command
from fashion_pggan.errors import UserError

CUT = (0.28, 0.9)  # rows of a front or back that stay: no head, no feet
ALARMS = 0.02  # share of images that are not worn, at the threshold
RIDGE = 0.5  # pulls weights to zero
Floats = npt.NDArray[np.float64]


class Seen(NamedTuple):
    """A labelled image and what was said of it."""

    kind: str
    networks: float
    rules: float
    scores: list[float]
    cpu_s: float

    @property
    def worn(self) -> bool:
        """Whether somebody wears the garment."""
        return not self.kind.startswith("not")


def main() -> None:
    """Print recall by kind, or the fitted numbers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curation.people", description=__doc__)
    parser.add_argument("images", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--fit", action="store_true", help="fit the weights, on images whose use is fit")
    arguments = parser.parse_args()
    if missing := lacking():
        raise UserError(f"{missing.what}: run {missing.how}")
    use = "fit" if arguments.fit else "report"
    seen = list(_seen(arguments.images, arguments.labels, use))
    print(f"{installed()}; {len(seen)} images, {sum(each.worn for each in seen)} worn", file=sys.stderr)
    if arguments.fit:
        _fit(seen)
        return
    for name in ("networks", "rules"):
        _report(name, seen)
    print(f"\nnetworks: {1000 * np.median([each.cpu_s for each in seen]):.0f} ms of one core an image")


def _seen(folder: Path, labels: Path, use: str) -> Iterator[Seen]:
    with labels.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["use"] != use:
                continue
            pixels = decode(open_image((folder / row["file"]).read_bytes())).pixels
            yield _one(pixels, row["kind"])
            if row["kind"] in ("front", "back"):
                top, bottom = (round(share * len(pixels)) for share in CUT)
                yield _one(np.ascontiguousarray(pixels[top:bottom]), "cut")


def _one(pixels: Pixels, kind: str) -> Seen:
    began = time.thread_time()
    people = people_in(pixels, installed())
    cpu_s = time.thread_time() - began
    rules = scores_of(evidence_of(pixels))[Style.WORN]
    return Seen(kind, worn_of(people), rules, [getattr(people, name) for name in WEIGHTS], cpu_s)


def _report(name: str, seen: list[Seen]) -> None:
    said = np.array([getattr(each, name) for each in seen])
    kinds = np.array([each.kind for each in seen])
    worn = np.array([each.worn for each in seen])
    whole = worn & (kinds != "cut")
    threshold = _threshold(said[~worn])
    area = (said[whole][:, None] > said[~worn]).mean() + (said[whole][:, None] == said[~worn]).mean() / 2
    print(f"\n{name}: AUC {area:.3f} without cut images; {ALARMS:.0%} false alarms at {threshold:.3f}\n")
    print(f"| kind | images | above {threshold:.3f} | above 0.5 |")
    print("|---|---|---|---|")
    groups = {kind: kinds == kind for kind in sorted(set(kinds.tolist()))}
    for kind, group in {"all worn but cut": whole, **groups, "all not worn": ~worn}.items():
        shares = " | ".join(_share(said[group] > least) for least in (threshold, 0.5))
        print(f"| {kind} | {group.sum()} | {shares} |")


def _threshold(alarms: Floats) -> float:
    """The score that no more than `ALARMS` of the images that are not worn exceed."""
    return float(np.sort(alarms)[::-1][math.floor(ALARMS * len(alarms))])


def _share(found: npt.NDArray[np.bool_], z: float = 1.96) -> str:
    """A share with its 95 % interval by Wilson."""
    count, share = len(found), float(found.mean())
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return f"{share:.3f} ({max(middle - half, 0):.3f} to {min(middle + half, 1):.3f})"


def _fit(seen: list[Seen]) -> None:
    """Logistic regression by Newton's method, as if half were worn; then 0.5 is put at the threshold."""
    scores = np.array([each.scores for each in seen])
    truth = np.array([each.worn for each in seen], dtype=float)
    weights = logistic_weights(scores, truth, 0.5, RIDGE)
    logits = scores @ weights[:-1]
    print("WEIGHTS =", {name: round(float(one), 2) for name, one in zip(WEIGHTS, weights, strict=False)})
    print(f"BIAS = {-_threshold(logits[truth == 0]):.2f}")


if __name__ == "__main__":
    run_command(main)
