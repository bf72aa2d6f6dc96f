"""`python -m crawler TARGET`: crawl what params.yaml asks for."""

import argparse
import logging
from pathlib import Path

from crawler import stage
from crawler.raw import summary_of
from fashion_pggan.command import run_command

log = logging.getLogger("crawler")


def main() -> None:
    """Read the command line, crawl, say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m crawler", description="Crawl a shop's search results.")
    parser.add_argument("target", type=Path, help="the folder to make: pictures and records.parquet")
    parser.add_argument("--report", type=Path, help="a JSON file for the crawl's figures")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--store", type=Path, default=Path("runs/crawl"), help="keeps every picture fetched")
    parser.add_argument("--verbose", action="store_true", help="show what Scrapy says")
    options = vars(parser.parse_args())
    figures = stage.run(options.pop("target"), **options)
    log.info(summary_of(figures))


if __name__ == "__main__":
    run_command(main)
