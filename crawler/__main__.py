"""A crawl, and what is done with its images: `python -m crawler TARGET`, `… merge …`, `… forget …`."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from crawler import stage
from crawler.commands import forget, merge
from crawler.commands.preview import dry_run
from crawler.session.figures import line_of, tables_of
from fashion_pggan.command import run_command
from fashion_pggan.params import load_params

log = logging.getLogger("crawler")


def main() -> None:
    """Read the command line and run; a folder named `merge` or `forget` is given as ./merge."""
    commands = {"merge": merge.command, "forget": forget.command}
    command = commands.get(sys.argv[1] if len(sys.argv) > 1 else "")
    if command is not None:
        command(sys.argv[2:])
    else:
        _crawl(sys.argv[1:])


def _crawl(given: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m crawler",
        description="Crawl what params.yaml asks for. Other first words: merge, forget (see `merge --help`).",
    )
    parser.add_argument("target", type=Path, nargs="?", help="the folder to make: images and records.parquet")
    parser.add_argument("--report", type=Path, help="a JSON file for the crawl's figures")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--store", type=Path, default=Path("runs/crawl"), help="keeps every image fetched")
    parser.add_argument(
        "--tombstones", type=Path, default=Path("tombstones.jsonl"), help="see `forget --help`"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the plan and its calls alone")
    parser.add_argument("--verbose", action="store_true", help="show what Scrapy says")
    options = vars(parser.parse_args(given))
    if options.pop("dry_run"):
        print(dry_run(load_params(options["params"]).crawl))
        return
    if options["target"] is None:
        parser.error("the folder to make is missing: data/raw")
    figures = stage.run(options.pop("target"), **options)
    log.info("%s", tables_of(figures))
    log.info("%s", line_of(figures))


if __name__ == "__main__":
    run_command(main)
