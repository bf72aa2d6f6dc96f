"""How far apart images are: `python -m evaluate A B`; of a training: `… snapshots DATA MODELS REPORTS`.

Further measures are in evaluate/commands.py.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from evaluate import commands as measures
from evaluate import stage
from evaluate.comparison.cache import Store
from evaluate.comparison.pair import Pair, measure_pair
from evaluate.options import add_shared, params_of, seed_of, work_of
from evaluate.results.pair_page import page_of
from evaluate.results.table import pair_csv, pair_json, pair_text
from evaluate.sets.sources import of_path
from fashion_pggan.command import run_command
from fashion_pggan.errors import UserError
from fashion_pggan.params import EvaluateParams, load_params
from fashion_pggan.params.preset import PARAMS
from fashion_pggan.storage.files import write_text


def main() -> None:
    """Parse the command line and measure; a folder named like a command is given as ./NAME."""
    commands = {
        "snapshots": _snapshots,
        "copies": measures.copies,
        "variation": measures.variation_of,
        "features": measures.features,
    }
    if sys.argv[1:] and sys.argv[1] in commands:
        commands[sys.argv[1]](sys.argv[2:])
    else:
        _two_sets(sys.argv[1:])


def _snapshots(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m evaluate snapshots", description="Every snapshot of a training against its dataset."
    )
    parser.add_argument("dataset", type=Path, help="a curated dataset (data/curated)")
    parser.add_argument("models", type=Path, help="the train stage's output (models)")
    parser.add_argument(
        "reports", type=Path, help="folder for swd.csv, swd_levels.csv, swd.json and report.html"
    )
    add_shared(parser)
    given = parser.parse_args(arguments)
    settings = given.params or PARAMS
    params = load_params(settings)
    measured = params.evaluate.model_copy(update={"seed": seed_of(given, params.evaluate)})
    evaluation = stage.run(
        given.dataset,
        given.models,
        given.reports,
        measured,
        mirror=params.train.mirror,
        store=Store(given.store),
        work=work_of(given),
        settings=settings.read_text(encoding="utf-8"),
    )
    print(evaluation.text())


def _two_sets(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m evaluate",
        description="How far two sets of images are apart, beside how far the first is from itself. "
        "Other commands, each with --help: snapshots (of a training), copies (of training images), "
        "variation (within one set), features (by a network of your own).",
    )
    parser.add_argument("first", type=Path, help="real images: a folder of squares, or a dataset")
    parser.add_argument(
        "second", type=Path, nargs="?", help="images to compare with them; without: the first's two halves"
    )
    parser.add_argument("--images", type=int, help="images per set (default: all of the smaller set)")
    parser.add_argument("--no-floor", action="store_true", help="leave out the floor: half the time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table as JSON too")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write it as CSV too")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write it as a page too")
    add_shared(parser)
    given = parser.parse_args(arguments)
    params = params_of(given)
    pair = _measured(given, params)
    print(pair_text(pair))
    if given.json:
        write_text(given.json, json.dumps(pair_json(pair), indent=1) + "\n")
    if given.csv:
        write_text(given.csv, pair_csv(pair))
    if given.html:
        write_text(given.html, page_of(pair, str(given.first), str(given.second or "its other half")))


def _measured(given: argparse.Namespace, params: EvaluateParams) -> Pair:
    store, work = Store(given.store), work_of(given)
    first = of_path(given.first, "reals", params.seed, given.store)
    if given.second is None:
        half = first.count // 2
        if not half:
            raise UserError(f"{given.first} has one image and no halves: give 2 or more, or a second set")
        one, other = first.part(0, half, "reals"), first.part(half, half, "fakes")
        pair = measure_pair(one, other, given.images, params, store, work, with_floor=False)
        return replace(pair, halves=True)
    second = of_path(given.second, "fakes", params.seed, given.store)
    return measure_pair(first, second, given.images, params, store, work, with_floor=not given.no_floor)


if __name__ == "__main__":
    run_command(main)
