"""`python -m benchmarks.train`: images per second at every level, and how long the whole schedule takes."""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from fashion_pggan.command import run_command
from fashion_pggan.params import Params, load_params
from fashion_pggan.shards import Dataset, ShardWriter, levels_up_to
from train.distributed import Ranks, device_of
from train.record.measured import Measured
from train.run import Run
from train.schedule import phase_at
from train.stage import git_commit

PICTURES = 64  # in the data set, of noise: speed does not depend on what they show


def main() -> None:
    """Measure the networks and the schedule of a parameters file, on this machine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train", description=__doc__)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each level is measured")
    arguments = parser.parse_args()
    params = load_params(arguments.params)
    ranks = Ranks(0, 1, device_of(arguments.device))
    print(f"{_name_of(ranks.device)}, torch {torch.__version__}, {arguments.params}, {git_commit()}\n")
    print("| level | minibatch | images/s | slowest | fastest | s/kimg | peak memory, GB |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        dataset = _dataset_of_noise(Path(folder), params.curate.resolution)
        training = Run(Path(folder), dataset, params.train, ranks, "")
        speeds = {
            resolution: _measure(training, resolution, arguments.seconds)
            for resolution in levels_up_to(dataset.resolution)
            if resolution >= params.train.initial_resolution
        }
    hours = _projected_s(speeds, params) / 3600
    print(f"\nthe whole schedule of {params.train.total_kimg:g} kimg: {hours:.2f} h")


def _measure(training: Run, resolution: int, seconds: float) -> float:
    """Print the row of a level that stands alone, without transition, and return its images per second."""
    training.images_shown = _start_of(resolution, training)
    phase = training.phase
    shown_at_once = phase.minibatch * training.params.minibatch_repeats
    on_cuda = training.ranks.device.type == "cuda"
    if on_cuda:
        torch.cuda.reset_peak_memory_stats()
    rates: list[float] = []
    until = 0.0
    while len(rates) < 4 or time.monotonic() < until:
        began = time.monotonic()
        training.advance(Measured.nothing())
        if on_cuda:
            torch.cuda.synchronize()
        rates.append(shown_at_once / (time.monotonic() - began))
        until = until or time.monotonic() + seconds  # the first is a warm-up
        training.images_shown -= shown_at_once  # stay where the level stands alone
    rates = rates[1:]
    speed = statistics.median(rates)
    memory = f"{torch.cuda.max_memory_allocated() / 1e9:.2f}" if on_cuda else "-"
    print(
        f"| {resolution} | {phase.minibatch} | {speed:.0f} | {min(rates):.0f} | {max(rates):.0f} "
        f"| {1000 / speed:.2f} | {memory} |",
        flush=True,
    )
    return speed


def _start_of(resolution: int, training: Run) -> int:
    params = training.params
    transitions = int(np.log2(resolution / params.initial_resolution))
    return round(transitions * (params.stabilise_kimg + params.fade_kimg) * 1000)


def _projected_s(speeds: dict[int, float], params: Params) -> float:
    seconds, shown, final = 0.0, 0, params.curate.resolution
    while shown < params.train.total_kimg * 1000:
        phase = phase_at(shown, final, 1, params.train)
        seconds += phase.minibatch / speeds[phase.resolution]
        shown += phase.minibatch
    return seconds


def _dataset_of_noise(folder: Path, resolution: int) -> Dataset:
    random = np.random.default_rng(0)
    writer = ShardWriter(folder, resolution, PICTURES)
    for _ in range(PICTURES):
        sides = levels_up_to(resolution)
        writer.add({side: random.integers(0, 256, (side, side, 3), np.uint8) for side in sides})
    writer.finish()
    return Dataset(folder)


def _name_of(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{torch.get_num_threads()} CPU threads"


if __name__ == "__main__":
    run_command(main)
