"""A folder of wild images to a dataset of square ones: `python -m curate SOURCE TARGET`, `… export …`."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from curate import export, stage
from curate.source.locations import location
from fashion_pggan.command import run_command
from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params


def main() -> None:
    """Parse the command line and run; a folder named `export` is given as ./export."""
    if sys.argv[1:2] == ["export"]:
        export.command(sys.argv[2:])
    else:
        _curate(sys.argv[1:])


def _curate(given: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m curate", description=__doc__)
    parser.add_argument(
        "source",
        help="a crawl's output (data/raw), any folder of images, or an address such as s3://bucket/raw",
    )
    parser.add_argument(
        "target",
        type=Path,
        help="folder for the dataset; replaced as a whole; with `export` as first word see `export --help`",
    )
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--report", type=Path, help="where to write the facts (JSON)")
    parser.add_argument(
        "--knowledge",
        type=Path,
        default=Path("runs/curate"),
        help="what is known of images from earlier runs",
    )
    parser.add_argument("--plots", type=Path, help="folder for the counts that dvc plots shows (CSV)")
    parser.add_argument("--workers", type=int, help="processes (default: one per core)")
    arguments = parser.parse_args(given)
    if arguments.workers is not None and arguments.workers < 1:
        raise UserError(f"--workers {arguments.workers}: give 1 or more")
    outcomes = stage.run(
        location(arguments.source),
        arguments.target,
        load_params(arguments.params).curate,
        report=arguments.report,
        plots=arguments.plots,
        workers=arguments.workers,
        knowledge=arguments.knowledge,
    )
    said = ", ".join(f"{outcome} {count}" for outcome, count in outcomes.most_common())
    logging.getLogger(__name__).info("%s: %s", arguments.target, said)


if __name__ == "__main__":
    run_command(main)
