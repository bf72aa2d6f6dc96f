"""A stage of the toy pipeline: `python toy_stage.py NAME`; its section of params.yaml says how it behaves."""

import json
import logging
import os
import sys
import time
from pathlib import Path

import yaml

from fashion_pggan.command.edge import run_command
from fashion_pggan.errors import PassingError, UserError

LEVELS = {"SWDx1e3_32": 20.5, "SWDx1e3_16": 30.25, "SWDx1e3_avg": 25.375}
REPORTS = {
    "crawl": {"products": 12, "calls": 3, "images": 11, "failed": {"HTTP_404": 1}},
    "curate": {"images": 11, "kept": 8, "dropped": {"TOO_SMALL": 2, "DUPLICATE": 1}, "resolution": 32},
    "train": {"images_shown": 30016, "images_per_s": 151.25, "seconds": 198.4, "device": "cpu"},
    "generate": {"images": 256, "snapshot": "0030.016", "kimg": 30.016, "seed": 1},
    "evaluate": {
        "images": 256,
        "seed": 0,
        "floor": {"kind": "disjoint", **LEVELS},
        "untrained": {"kimg": 0.0, **LEVELS},
        "best": {"kimg": 25.0, **LEVELS},
        "last": {"kimg": 30.016, **LEVELS},
    },
}

EVALUATION = {"floor": {"kind": "disjoint", "about": "256 real images against 256 other real images"}}
log = logging.getLogger(__name__)


def main() -> None:
    name = sys.argv[1]
    params = yaml.safe_load(Path("params.yaml").read_text())[name]
    with Path("ran.log").open("a") as ran:
        ran.write(f"{name} {os.getpid()}\n")
    for step in range(params["steps"]):
        log.info("%s: step %d of %d", name, step + 1, params["steps"])
        time.sleep(0.1)
    if params["mode"] == "person":
        raise UserError("no images in data/raw: run the crawl stage first")
    if params["mode"] == "passing" and len(Path("ran.log").read_text().splitlines()) < 2:
        raise PassingError("the search API fails: run again later")
    if params["mode"] == "fault":
        raise KeyError("levels")
    report = "swd" if name == "evaluate" else name
    Path("reports").mkdir(exist_ok=True)
    Path(f"reports/{report}.json").write_text(json.dumps(REPORTS[name]))
    if name == "evaluate":
        Path("reports/evaluation.json").write_text(json.dumps(EVALUATION))


if __name__ == "__main__":
    run_command(main)
