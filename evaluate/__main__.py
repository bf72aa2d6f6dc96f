"""How far apart pictures are: `python -m evaluate A B`, `… snapshots DATA MODELS REPORTS`."""

import argparse
import sys
from pathlib import Path

from evaluate import stage
from evaluate.comparison import PictureSet, Scratch, compare, describe
from evaluate.sources import of_path, same_size
from evaluate.table import as_text
from fashion_pggan.command import run_command
from fashion_pggan.errors import UserError
from fashion_pggan.params import EvaluateParams, load_params
from fashion_pggan.progress import Progress


def main() -> None:
    """Parse the command line and measure; a folder named `snapshots` is given as ./snapshots."""
    if sys.argv[1:2] == ["snapshots"]:
        _snapshots(sys.argv[2:])
    else:
        _two_sets(sys.argv[1:])


def _snapshots(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m evaluate snapshots", description="Every snapshot of a training against its data set."
    )
    parser.add_argument("dataset", type=Path, help="a curated data set (data/curated)")
    parser.add_argument("models", type=Path, help="the train stage's output (models)")
    parser.add_argument("reports", type=Path, help="folder for swd.csv, swd.json and report.html")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    given = parser.parse_args(arguments)
    params = load_params(given.params)
    evaluation = stage.run(
        given.dataset, given.models, given.reports, params.evaluate, mirror=params.train.mirror
    )
    print(evaluation.text())


def _two_sets(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluate", description=__doc__)
    parser.add_argument("first", type=Path, help="a folder of square pictures, or a data set")
    parser.add_argument(
        "second", type=Path, help="another; with `snapshots` as first word see `snapshots --help`"
    )
    parser.add_argument("--images", type=int, help="pictures per set (default: all of the smaller set)")
    parser.add_argument(
        "--params", type=Path, default=Path("params.yaml"), help="for patches, directions, seed"
    )
    given = parser.parse_args(arguments)
    if given.images is not None and given.images < 1:
        raise UserError(f"--images {given.images}: give 1 or more")
    params = load_params(given.params).evaluate
    one, other = (
        of_path(path, name, params.seed) for path, name in ((given.first, "reals"), (given.second, "fakes"))
    )
    first, second = same_size(one, other, given.images)
    if first.resolution < params.smallest_level:
        raise UserError(
            f"pictures of {first.resolution} px have no level of {params.smallest_level} px: "
            "lower evaluate.smallest_level in params.yaml"
        )
    print(_table(first, second, params))
    if one.count != other.count:
        print(f"{one.count} and {other.count} pictures were cut to {first.count} per set")


def _table(first: PictureSet, second: PictureSet, params: EvaluateParams) -> str:
    total = first.count + second.count
    with Scratch() as scratch, Progress("measuring distances", total, "pictures") as progress:
        ours = describe(first, params, scratch / "first", progress.advance)
        theirs = describe(second, params, scratch / "second", progress.advance)
        distances = compare(ours, theirs, params)
    return f"{as_text([('', distances)])}\n{first.count} pictures per set; lower is better"


if __name__ == "__main__":
    run_command(main)
