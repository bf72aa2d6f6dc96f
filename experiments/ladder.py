"""`python -m experiments.ladder IMAGES OUT`: trains every candidate from several seeds and writes the table.

A ladder that was interrupted goes on where it was; candidates that have their result are not trained again.
"""

import argparse
from pathlib import Path

from experiments.candidates import CANDIDATES, Candidate
from experiments.table import write_table
from experiments.trials import Trial, make_dataset, make_params, run_trial, settings_of

KIMG = {32: 60.0, 64: 240.0}  # thousand images shown, by the final resolution
LEVEL_KIMG = {32: 6.0, 64: 12.0}  # to stabilise, and to fade


def main() -> None:
    """Run what is missing, seed by seed, so that an early stop has all candidates."""
    given = _arguments()
    names = given.only or list(CANDIDATES)
    folder = given.out / str(given.side)
    for seed in range(given.seeds):
        for name in names:
            trial = Trial(name, seed, folder / f"{name}-{seed}")
            params = trial.folder / "params.yaml"
            settings = settings_of(
                given.images, given.side, CANDIDATES[name], of_ladder(given.side, name), seed
            )
            make_params(params, settings)
            data = given.out / f"curated-{given.side}-{_crop(CANDIDATES[name])}"
            run_trial(trial, params, make_dataset(data, params, given.out / "raw"))
            print(f"{name}, seed {seed}: {write_table(folder)}", flush=True)


def of_ladder(side: int, name: str) -> tuple[str, ...]:
    """What all candidates of a ladder share."""
    kimg, level = KIMG[side] * CANDIDATES[name].share, LEVEL_KIMG[side] * CANDIDATES[name].share
    return (
        f"train.total_kimg={kimg}",
        f"train.stabilise_kimg={level}",
        f"train.fade_kimg={level}",
        f"train.snapshot_kimg={kimg / 3}",
        *("train.threads=1", "train.precision=bfloat16", f"train.compile={str(side > 32).lower()}"),
        *("evaluate.images=650", "evaluate.variation_pairs=325", "evaluate.copies_images=325"),
    )


def _crop(candidate: Candidate) -> str:
    chosen = [setting.split("=")[1] for setting in candidate.settings if setting.startswith("curate.crop=")]
    return chosen[0] if chosen else "garment"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m experiments.ladder", description=__doc__)
    parser.add_argument("images", type=Path, help="a folder of photographs")
    parser.add_argument("out", type=Path, help="a folder for datasets, trainings and the table")
    parser.add_argument("--side", type=int, default=32, choices=sorted(KIMG), help="pixels; 32 by default")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each candidate; 3 by default")
    parser.add_argument(
        "--only", nargs="+", choices=sorted(CANDIDATES), metavar="NAME", help="candidates to train"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
