"""`python -m benchmarks.curation.garments --garments DIR... --foreign DIR...`: what is told from garments?

It prints what share of each folder's images `curate.min_garment: 0.5` drops. Folders that nothing was fitted
on are measured whole with `--all`; without it the last quarter of each is: every fourth image.

`--fit` first fits curate/facts/garment.npy on half of each folder, and puts 0.5 where 2 % of another quarter
of the garments lie below.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.curation.fitting.small_network import trained
from curate.facts import appearance
from curate.facts.appearance import features_of, garment_logit, units
from curate.pixels.decode import Refused, decode, open_image
from curate.pixels.measure import reduced
from fashion_pggan.command.edge import run_command
from fashion_pggan.errors import UserError

PARTS = 4  # of a folder: two to fit on, one for the threshold, one to report
ALARMS = 0.02  # of the garments
KINDS = {".jpg", ".jpeg", ".png", ".webp"}
Floats = npt.NDArray[np.float32]


def main() -> None:
    """Print a line for each folder."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curation.garments", description=__doc__)
    parser.add_argument("--garments", type=Path, nargs="*", default=[], help="folders of garments")
    parser.add_argument("--foreign", type=Path, nargs="*", default=[], help="folders of other things")
    parser.add_argument("--all", action="store_true", help="measure all images, not every fourth")
    parser.add_argument("--fit", action="store_true", help="write the weights before")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    given = {folder: _features_in(folder) for folder in (*arguments.garments, *arguments.foreign)}
    if arguments.fit:
        sides = ([given[folder] for folder in each] for each in (arguments.garments, arguments.foreign))
        np.save(appearance.GARMENT, _fitted(*sides).astype(np.float16))
    print("| folder | images | below 0.5 |\n|---|---|---|")
    for folder, features in given.items():
        shown = features if arguments.all else features[PARTS - 1 :: PARTS]
        dropped = np.mean([garment_logit(one, units()) < 0 for one in shown])
        print(f"| {folder.name} | {len(shown)} | {dropped:.3f} |")


def _features_in(folder: Path) -> Floats:
    """(n, d), of the images below a folder by name."""
    rows = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in KINDS and not path.name.startswith("."):
            try:
                rows.append(features_of(reduced(decode(open_image(path.read_bytes())).pixels)))
            except Refused:
                continue
    if not rows:
        raise UserError(f"no images in {folder}: give a folder of JPEG, PNG or WebP files")
    return np.stack(rows)


def _fitted(garments: Sequence[Floats], foreign: Sequence[Floats]) -> Floats:
    """The network's units, with the threshold at a logit of 0."""
    shown, others = (
        np.concatenate([each[part::PARTS] for each in kind for part in (0, 1)])
        for kind in (garments, foreign)
    )
    truth = np.repeat([1.0, 0.0], [len(shown), len(others)])
    network = trained(np.concatenate([shown, others]).astype(np.float64), truth)
    held = [garment_logit(one, network) for each in garments for one in each[2::PARTS]]
    constant = np.zeros((1, network.shape[1]), np.float32)
    constant[0, -2:] = 1, -np.quantile(held, ALARMS)
    return np.concatenate([network, constant])


if __name__ == "__main__":
    run_command(main)
