"""`python -m benchmarks.speed.no_op`: what `dvc repro` costs with nothing to do, with and without our checks.

Two copies of one repository take turns: as it is; and without what the checks add, that is without marks,
with commands that do nothing, and with hard links into DVC's cache.
"""

import argparse
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

import yaml

from benchmarks.drills.pipeline import REPOSITORY, STAGES, Pipeline, environment_of
from benchmarks.drills.repository import DVC
from fashion_pggan.command.edge import run_command
from fashion_pggan.storage.proof.folder_mark import MARK

SKIPPED = "didn't change, skipping"  # what DVC says of each stage


def main() -> None:
    """Print a line for each copy, and their ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.no_op", description=__doc__)
    parser.add_argument(
        "--project", type=Path, help="a repository in which dvc repro has run; empty: a small one is made"
    )
    parser.add_argument("--turns", type=int, default=15)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="no-op-") as folder:
        ours, plain = Path(folder, "ours"), Path(folder, "plain")
        shutil.copytree(given.project or _made(Path(folder)), ours, symlinks=True)
        _dvc(ours, "commit", "--force", "--quiet")
        shutil.copytree(ours, plain, symlinks=True)
        _strip(plain)
        for project in (ours, plain):  # DVC remembers the state of each file from here on
            _timed(project)
        pairs = [(_timed(ours), _timed(plain)) for _ in range(given.turns)]
    for name, times in zip(("as it is", "without checks"), zip(*pairs, strict=True), strict=True):
        print(f"{name:15} median {median(times):.2f} s, {min(times):.2f} to {max(times):.2f} s")
    ratios = sorted(one / other for one, other in pairs)
    print(f"ratio           median {median(ratios):.3f}, {ratios[0]:.3f} to {ratios[-1]:.3f}")


def _made(folder: Path) -> Path:
    pipeline, project = Pipeline(folder / "pipeline"), folder / "made"
    pipeline.folder.mkdir()
    pipeline.run(print)
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, project], check=True)
    shutil.copytree(pipeline.finished, project, symlinks=True, dirs_exist_ok=True)
    return project


def _strip(project: Path) -> None:
    """Take away all that the checks add, and have DVC take the rest for up to date."""
    for mark in [*project.glob(f"data/*/{MARK}"), *project.glob(f"*/{MARK}")]:
        mark.unlink()
    pipeline = yaml.safe_load((project / "dvc.yaml").read_text())
    for stage in pipeline["stages"].values():
        stage["cmd"] = "true"
    (project / "dvc.yaml").write_text(yaml.safe_dump(pipeline, allow_unicode=True))
    _dvc(project, "config", "cache.type", "hardlink")
    _dvc(project, "commit", "--force", "--quiet")
    _dvc(project, "checkout", "--relink", "--quiet")


def _timed(project: Path) -> float:
    began = time.monotonic()
    said = _dvc(project, "repro")
    took = time.monotonic() - began
    if said.count(SKIPPED) != len(STAGES):
        raise RuntimeError(f"a stage ran in {project}, or there are others: {said}")
    return took


def _dvc(project: Path, *arguments: str) -> str:
    command, environment = [*DVC, *arguments], environment_of(project)
    done = subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    run_command(main)
