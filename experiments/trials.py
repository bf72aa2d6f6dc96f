"""Makes datasets and trains candidates by the program's own commands, each in a folder of its own."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.candidates import Candidate
from fashion_pggan.params import load_params
from fashion_pggan.storage.files import write_text

HELD_OUT = 0.1333  # of 1,500 photographs: 200
REPOSITORY = Path(__file__).parents[1]


@dataclass(frozen=True)
class Trial:
    """One training of one candidate."""

    name: str  # of the candidate
    seed: int
    folder: Path

    @property
    def result(self) -> Path:
        """A JSON file with the row of the table; written last."""
        return self.folder / "result.json"


def settings_of(images: Path, side: int, candidate: Candidate, given: Sequence[str], seed: int) -> list[str]:
    """All settings over the preset `photos`: of the data, of the ladder, of the candidate, in this order."""
    data = (
        f"crawl.shop_images={json.dumps(str(images))}",
        f"curate.resolution={side}",
        "curate.crop=garment",
        f"curate.held_out={HELD_OUT}",
    )
    return [*data, *given, *candidate.settings, f"train.seed={seed}"]


def make_params(path: Path, settings: Sequence[str], preset: str = "photos") -> None:
    """Write a params file, or the same parameters again.

    Raises:
        SystemExit: the file there has other parameters.
    """
    wanted = path.with_suffix(".new.yaml")
    path.parent.mkdir(parents=True, exist_ok=True)
    words = [word for setting in settings for word in ("--set", setting)]
    run("fashion_pggan", "use", preset, *words, "--out", str(wanted))
    if path.exists() and load_params(path) != load_params(wanted):
        sys.exit(f"error: {path} holds other parameters than this ladder's: give another folder for results")
    wanted.replace(path)


def make_dataset(folder: Path, params: Path, raw: Path) -> Path:
    """Crawl the photographs once and curate them by these parameters; returns the dataset."""
    if not raw.exists():
        store = ("--store", str(raw.with_name("crawl")))
        run("crawler", str(raw), "--params", str(params), *store)
    if not (folder / "index.json").exists():
        known = ("--knowledge", str(raw.with_name("known")))
        run("curate", str(raw), str(folder), "--params", str(params), *known)
    return folder


def run_trial(trial: Trial, params: Path, dataset: Path) -> None:
    """Train and measure; a trial that was interrupted goes on, one that has its result is left alone."""
    if trial.result.exists():
        return
    models, reports = trial.folder / "models", trial.folder / "reports"
    options = ("--params", str(params))
    before, start = _cpu_s(), time.monotonic()
    runs = ("--runs", str(trial.folder / "runs"), "--report", str(trial.folder / "train.json"))
    run("train", "run", str(dataset), str(models), *options, *runs)
    spent = {"cpu_s": _cpu_s() - before, "wall_s": time.monotonic() - start}
    store = ("--store", str(trial.folder / "measured"))
    run("evaluate", "snapshots", str(dataset), str(models), str(reports), *options, *store)
    swd = json.loads((reports / "swd.json").read_text())
    row = {"name": trial.name, "seed": trial.seed, **spent, "swd": swd}
    write_text(trial.result, json.dumps(row, indent=2) + "\n")


def _cpu_s() -> float:
    """Seconds of the processors in all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(module: str, *words: str) -> None:
    """Run `python -m module` in this environment.

    Raises:
        SystemExit: it failed; its last lines are shown.
    """
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    command = (sys.executable, "-m", module, *words)
    done = subprocess.run(command, env=environment, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"error: python -m {module} {' '.join(words[:3])} … failed:\n{done.stderr[-2000:]}")
