"""`python -m benchmarks.train`: how fast each level trains in each way of computing, and the hours of it all.

All ways take turns in one run, so that their ratios mean something on a machine that others use, too.
"""

import argparse
import importlib.util
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from fashion_pggan.command.edge import run_command
from fashion_pggan.devices import device_of
from fashion_pggan.errors import UserError
from fashion_pggan.params import Params, TrainParams, load_params
from fashion_pggan.provenance import git_commit
from fashion_pggan.storage.shards import Dataset, ShardWriter, levels_up_to
from train.growth.schedule import Phase, minibatch_at, phase_at
from train.limits.memory import empty_batch, zero_rates
from train.machine.graphs import Recorded
from train.model.networks import Architecture
from train.model.precision import set_precision
from train.processes.ranks import Ranks
from train.step.data import Feed
from train.step.trainer import Rates, Trainer

IMAGES = 256  # in the dataset, of noise: speed does not depend on what they show
TURNS = 4  # of each way
WARM_UPS = 2  # steps
WAYS: dict[str, dict[str, Any]] = {
    "eager": {"precision": "float32", "compile": False},
    "compiled": {"precision": "float32", "compile": True},
    "eager-bf16": {"precision": "bfloat16", "compile": False},
    "compiled-bf16": {"precision": "bfloat16", "compile": True},
    "graph-bf16": {"precision": "bfloat16", "compile": True, "cuda_graphs": True},
}


@dataclass
class Timed:
    """One way of training one level."""

    step: Callable[[], None]
    feed: Feed | None = None
    rates: list[float] = field(default_factory=list)  # images per second, of each turn
    seconds: float = 0.0
    peak_gb: float = 0.0

    def turn(self, minibatch: int, seconds: float, device: torch.device) -> None:
        """Take steps for some seconds."""
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
            torch.cuda.synchronize()
        began, steps = time.monotonic(), 0
        while not steps or time.monotonic() - began < seconds:
            self.step()
            steps += 1
            if device.type == "cuda" and steps % 8 == 0:
                torch.cuda.synchronize()
        if device.type == "cuda":
            torch.cuda.synchronize()
            self.peak_gb = max(self.peak_gb, torch.cuda.max_memory_allocated() / 1e9)
        passed = time.monotonic() - began
        self.seconds += passed
        self.rates.append(steps * minibatch / passed)


def main() -> None:
    """Measure the networks and the schedule of a parameters file, on this machine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train", description=__doc__)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["eager", "compiled", "compiled-bf16"])
    parser.add_argument("--levels", nargs="+", type=int, help="pixels; without: all of the parameters'")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each turn; there are four")
    parser.add_argument("--peer", type=Path, help="a file with step_of, as benchmarks/plain_port.py")
    arguments = parser.parse_args()
    params = load_params(arguments.params)
    ranks = Ranks(0, 1, device_of(arguments.device))
    levels = [
        side for side in levels_up_to(params.curate.resolution) if side >= params.train.initial_resolution
    ]
    wanted = arguments.levels or levels
    if not set(wanted) <= set(levels):
        raise UserError(f"--levels {wanted}: {arguments.params} has the levels {levels}")
    print(f"{_name_of(ranks.device)}, torch {torch.__version__}, {arguments.params}, {git_commit()}")
    print(
        "matrix products: "
        + ", ".join(
            f"{name} {_matrix_rate(ranks.device, kind) / 1e12:.2f} TFLOP/s"
            for name, kind in (("float32", torch.float32), ("bfloat16", torch.bfloat16))
        )
        + "\n"
    )
    print(
        "| level | minibatch | way | images/s | slowest | fastest | against eager | s/kimg "
        "| waiting | TFLOP/s | of the matrix rate | peak memory, GB |"
    )
    print("|" + "---|" * 12)
    speeds: dict[str, dict[int, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        dataset = _dataset_of_noise(Path(folder), params.curate.resolution)
        for side in wanted:
            for way, speed in _measure(dataset, params.train, ranks, side, arguments).items():
                speeds.setdefault(way, {})[side] = speed
    for way, by_level in speeds.items():
        if by_level.keys() == set(levels):
            hours = _projected_s(by_level, params) / 3600
            print(f"\nthe whole schedule of {params.train.total_kimg:g} kimg, {way}: {hours:.2f} h")


def _measure(
    dataset: Dataset, params: TrainParams, ranks: Ranks, side: int, arguments: argparse.Namespace
) -> dict[str, float]:
    """Print a level's rows, where it stands alone, and return the images per second of each way."""
    phase = Phase(
        lod=float(dataset.resolution.bit_length() - side.bit_length()),
        resolution=side,
        minibatch=minibatch_at(side, 1, params),
        learning_rate=params.learning_rate.get(side, params.learning_rate_base),
    )
    ways = {way: _timed(dataset, params.model_copy(update=WAYS[way]), ranks, phase) for way in arguments.ways}
    if arguments.peer:
        ways["peer"] = Timed(_peer(arguments.peer, dataset, params, phase, ranks.device))
    for timed, _ in itertools.product(ways.values(), range(WARM_UPS)):
        timed.step()
    for _, (way, timed) in itertools.product(range(TURNS), ways.items()):
        set_precision(WAYS.get(way, WAYS["eager"])["precision"])
        if timed.feed:
            timed.feed.waited_s = 0.0 if not timed.rates else timed.feed.waited_s
        timed.turn(phase.minibatch, arguments.seconds, ranks.device)
    flops = _flops(dataset.resolution, params, side, phase.minibatch)
    eager = statistics.median(ways["eager"].rates) if "eager" in ways else None
    for way, timed in ways.items():
        _print_row(side, phase, way, timed, flops, eager, ranks.device)
        if timed.feed:
            timed.feed.close()
    return {way: statistics.median(timed.rates) for way, timed in ways.items()}


def _print_row(
    side: int,
    phase: Phase,
    way: str,
    timed: Timed,
    flops: float,
    eager: float | None,
    device: torch.device,
) -> None:
    speed = statistics.median(timed.rates)
    achieved = flops * speed / phase.minibatch
    kind = torch.bfloat16 if "bf16" in way else torch.float32
    cells = [
        f"{side} | {phase.minibatch} | {way} | {speed:.0f} | {min(timed.rates):.0f} | {max(timed.rates):.0f}",
        f"{speed / eager:.2f}" if eager else "-",
        f"{1000 / speed:.2f}",
        f"{timed.feed.waited_s / timed.seconds:.1%}" if timed.feed else "-",
        f"{achieved / 1e12:.2f}" if way != "peer" else "-",
        f"{achieved / _matrix_rate(device, kind):.0%}" if way != "peer" else "-",
        f"{timed.peak_gb:.2f}" if device.type == "cuda" else "-",
    ]
    print("| " + " | ".join(cells) + " |", flush=True)


def _timed(dataset: Dataset, params: TrainParams, ranks: Ranks, phase: Phase) -> Timed:
    set_precision(params.precision)
    steps = Trainer(_shape(dataset.resolution, params), params, ranks)
    feed = Feed(dataset, params, ranks)
    step = Recorded(steps).step if params.cuda_graphs and ranks.device.type == "cuda" else steps.step
    numbers = (phase.fade, phase.learning_rate, params.ema_decay)
    rates = Rates(*(torch.full((), number, device=ranks.device) for number in numbers))
    shown = itertools.count(0, phase.minibatch)

    def one() -> None:
        step(feed.batch_at(next(shown), phase), rates, phase.doublings, False)

    return Timed(one, feed)


def _peer(
    path: Path, dataset: Dataset, params: TrainParams, phase: Phase, device: torch.device
) -> Callable[[], None]:
    """A foreign implementation's step."""
    spec = importlib.util.spec_from_file_location("peer", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UserError(
            f"--peer {path} is no Python file: give one with step_of, as benchmarks/plain_port.py"
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    maps = _shape(dataset.resolution, params)
    by_level = [maps.feature_maps(power - 1) for power in range(2, phase.resolution.bit_length())]
    step: Callable[[], None] = module.step_of(
        phase.resolution, phase.minibatch, params.latent_size, by_level, str(device)
    )
    return step


def _shape(resolution: int, params: TrainParams) -> Architecture:
    return Architecture(
        resolution, params.latent_size, params.fmap_base, params.fmap_max, params.stddev_group
    )


def _flops(resolution: int, params: TrainParams, side: int, minibatch: int) -> float:
    """Floating-point operations of a step's products, counted without computing."""
    meta = Ranks(0, 1, torch.device("meta"))
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        steps = Trainer(_shape(resolution, params), params.model_copy(update={"compile": False}), meta)
        batch, where = empty_batch(minibatch, side, steps.critic.architecture, "meta"), side.bit_length() - 3
        for gradient in (steps.critic_gradient, steps.generator_gradient):
            gradient(batch, zero_rates("meta"), where, False)
    return float(counter.get_total_flops())


_rates_of: dict[tuple[torch.device, torch.dtype], float] = {}


def _matrix_rate(device: torch.device, kind: torch.dtype) -> float:
    """Operations per second of a large matrix product, the best of several."""
    if (device, kind) not in _rates_of:
        side = 8192 if device.type == "cuda" else 2048
        one, other = torch.randn(2, side, side, device=device).to(kind)
        best = 0.0
        for _ in range(8):
            began = time.monotonic()
            one @ other
            if device.type == "cuda":
                torch.cuda.synchronize()
            best = max(best, 2 * side**3 / (time.monotonic() - began))
        _rates_of[device, kind] = best
    return _rates_of[device, kind]


def _projected_s(speeds: dict[int, float], params: Params) -> float:
    seconds, shown, final = 0.0, 0, params.curate.resolution
    while shown < params.train.total_kimg * 1000:
        phase = phase_at(shown, final, 1, params.train)
        seconds += phase.minibatch / speeds[phase.resolution]
        shown += phase.minibatch
    return seconds


def _dataset_of_noise(folder: Path, resolution: int) -> Dataset:
    random = np.random.default_rng(0)
    writer = ShardWriter(folder, resolution, IMAGES)
    for _ in range(IMAGES):
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
