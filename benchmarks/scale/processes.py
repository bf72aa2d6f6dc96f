"""`python -m benchmarks.scale.processes`: images/s of trainings in one and in several processes, in turns.

Each turn is `python -m train run` at one level, on images of noise, with one CPU thread a process. The load
of the machine stands beside each turn: processes that share busy cores wait for each other.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import yaml

from fashion_pggan.command.edge import run_command
from fashion_pggan.params import Params, load_params
from fashion_pggan.provenance import cores, git_commit
from fashion_pggan.storage.shards import ShardWriter, levels_up_to

IMAGES = 256  # in the dataset


def main() -> None:
    """Print a table of the turns, and the ratio of their medians."""
    given = _arguments()
    params = load_params(given.params)
    found: dict[int, list[float]] = {count: [] for count in given.processes}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_noise(folder / "curated", given.level)
        print(f"{cores()}, {git_commit()}; {given.params} at {given.level} px\n")
        print("| turn | processes | images/s | load before |\n|---|---|---|---|")
        for turn in range(given.turns):
            for count in given.processes:
                load = os.getloadavg()[0]
                speed = _trained(folder / f"{turn}-{count}", folder / "curated", params, given, count)
                found[count].append(speed)
                print(f"| {turn + 1} | {count} | {speed:.1f} | {load:.1f} |", flush=True)
    first, *others = given.processes
    for count in others:
        ratio = statistics.median(found[count]) / statistics.median(found[first])
        print(f"\n{count} processes against {first}: {ratio:.2f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.processes", description=__doc__)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--level", type=int, default=32, help="pixels")
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--minibatch", type=int, default=16, help="images per step, over all processes")
    parser.add_argument("--kimg", type=float, default=2.0, help="thousand images of a turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--device", default="cpu", help="auto, cpu or cuda")
    return parser.parse_args()


def _trained(folder: Path, dataset: Path, params: Params, given: argparse.Namespace, count: int) -> float:
    changed = {
        "processes": count,
        "threads": 1,
        "initial_resolution": given.level,
        "minibatch": {},
        "minibatch_base": given.minibatch,
        "total_kimg": given.kimg,
    }
    folder.mkdir()
    values = params.model_copy(update={"train": params.train.model_copy(update=changed)})
    (folder / "params.yaml").write_text(yaml.safe_dump(values.model_dump(mode="json")))
    words = ["run", dataset, folder / "models", "--params", folder / "params.yaml", "--runs", folder / "runs"]
    told = ["--report", folder / "train.json", "--device", given.device]
    command = [sys.executable, "-m", "train", *words, *told]
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    speed: float = json.loads((folder / "train.json").read_text())["images_per_s"]
    return speed


def _write_noise(folder: Path, resolution: int) -> None:
    folder.mkdir()
    random = np.random.default_rng(0)
    writer = ShardWriter(folder, resolution, IMAGES)
    for _ in range(IMAGES):
        writer.add(
            {side: random.integers(0, 256, (side, side, 3), np.uint8) for side in levels_up_to(resolution)}
        )
    writer.finish()


if __name__ == "__main__":
    run_command(main)
