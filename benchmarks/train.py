"""`python -m benchmarks.train`: how fast each level trains in each way of computing, and the hours of it all.

All ways take turns in one run, each in a process of its own, so that their ratios mean something on a machine
that others use, too.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.speed.turns import Comparison, Speed
from benchmarks.speed.way import PEER, WAYS, Job
from fashion_pggan.command.edge import run_command
from fashion_pggan.errors import UserError
from fashion_pggan.params import Params, load_params
from fashion_pggan.provenance import git_commit
from fashion_pggan.storage.files import write_text
from fashion_pggan.storage.shards import ShardWriter, levels_up_to
from train.growth.schedule import phase_at

IMAGES = 256  # in the dataset, of noise: speed does not depend on what they show
COLUMNS = (
    "level | minibatch | way | images/s | slowest | fastest | against the first way | s/kimg | first step, s "
    "| waiting | TFLOP/s | of the matrix rate | peak memory, GB"
)


def main() -> None:
    """Measure the networks and the schedule of a parameters file, on this machine."""
    given = _arguments()
    params = load_params(given.params)
    levels = [
        side for side in levels_up_to(params.curate.resolution) if side >= params.train.initial_resolution
    ]
    wanted = given.levels or levels
    if not set(wanted) <= set(levels):
        raise UserError(f"--levels {wanted}: {given.params} has the levels {levels}")
    found: list[Speed] = []
    with tempfile.TemporaryDirectory() as folder:
        _write_noise(Path(folder), max(wanted), params.curate.resolution)
        job = Job(Path(folder), params.train, given.device, given.peer)
        with Comparison([*given.ways, *([PEER] if given.peer else [])], job) as comparison:
            print(f"{comparison.machine()}; {given.params}, {git_commit()}\n")
            print(f"| {COLUMNS} |\n{'|---' * 13}|", flush=True)
            for side in wanted:
                found += _told(comparison, side, given.seconds)
                _keep(given.json, found, levels, params)
    for way, hours in _hours(found, levels, params).items():
        print(f"\nthe whole schedule of {params.train.total_kimg:g} kimg, {way}: {hours:.2f} h")
    if comparison.failed:
        raise UserError("; ".join(f"{way} failed: {text}" for way, text in comparison.failed.items()))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train", description=__doc__)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["eager", "compiled", "compiled-bf16"])
    parser.add_argument("--levels", nargs="+", type=int, help="pixels; without: all of the parameters'")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each turn; there are four")
    parser.add_argument("--peer", type=Path, help="a file with step_of, as benchmarks/plain_port.py")
    parser.add_argument("--json", type=Path, help="a file for the figures, written again after each level")
    return parser.parse_args()


def _told(comparison: Comparison, side: int, seconds: float) -> list[Speed]:
    """A level's figures, printed as they come."""
    before = set(comparison.failed)
    speeds = comparison.speeds(side, seconds)
    for speed in speeds:
        print(_row(speed, speeds[0]), flush=True)
    for way in comparison.failed.keys() - before:
        print(f"| {side} | | {way} | failed: {comparison.failed[way]} |{' |' * 9}", flush=True)
    return speeds


def _row(speed: Speed, first: Speed) -> str:
    achieved = speed.images_per_s * speed.flops_per_image if speed.flops_per_image else None
    cells = [
        f"{speed.level} | {speed.minibatch} | {speed.way}",
        f"{speed.images_per_s:.0f} | {speed.slowest:.0f} | {speed.fastest:.0f}",
        f"{speed.images_per_s / first.images_per_s:.2f}",
        f"{1000 / speed.images_per_s:.2f}",
        f"{speed.first_s:.1f}",
        "-" if speed.waiting is None else f"{speed.waiting:.1%}",
        "-" if achieved is None else f"{achieved / 1e12:.2f}",
        "-" if achieved is None else f"{achieved / speed.matrix_rate:.0%}",
        f"{speed.peak_gb:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def _keep(path: Path | None, found: list[Speed], levels: list[int], params: Params) -> None:
    if path:
        facts = {"speeds": [speed.plain() for speed in found], "hours": _hours(found, levels, params)}
        write_text(path, json.dumps(facts, indent=1) + "\n")


def _hours(found: list[Speed], levels: list[int], params: Params) -> dict[str, float]:
    """Hours of the whole schedule, for each way of which every level is known."""
    by_way: dict[str, dict[int, float]] = {}
    for speed in found:
        by_way.setdefault(speed.way, {})[speed.level] = speed.images_per_s
    return {
        way: _projected_s(speeds, params) / 3600
        for way, speeds in by_way.items()
        if speeds.keys() == set(levels)
    }


def _projected_s(speeds: dict[int, float], params: Params) -> float:
    seconds, shown, final = 0.0, 0, params.curate.resolution
    while shown < params.train.total_kimg * 1000:
        phase = phase_at(shown, final, 1, params.train)
        seconds += phase.minibatch / speeds[phase.resolution]
        shown += phase.minibatch
    return seconds


def _write_noise(folder: Path, largest: int, resolution: int) -> None:
    """A dataset of noise; levels above `largest`, which nobody reads, are black."""
    random = np.random.default_rng(0)
    writer = ShardWriter(folder, resolution, IMAGES)
    black = {side: np.zeros((side, side, 3), np.uint8) for side in levels_up_to(resolution)}
    for _ in range(IMAGES):
        noise = {side: random.integers(0, 256, (side, side, 3), np.uint8) for side in levels_up_to(largest)}
        writer.add(black | noise)
    writer.finish()


if __name__ == "__main__":
    run_command(main)
