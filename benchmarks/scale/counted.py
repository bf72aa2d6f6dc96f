"""A schedule on more GPUs, counted and computed; nothing is trained.

Per level: the images per step, the bytes of gradients that the code hands to all-reduce (its own calls are
counted, on tensors without data), what a ring sends of them, and how long that takes beside the computing.
Link speeds, latencies and the GPU's rate are assumptions, given as options.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import torch
import torch.distributed as dist
from torch import Tensor

from benchmarks.speed.counting import flops_of
from fashion_pggan.errors import UserError
from fashion_pggan.params import Params, TrainParams, load_params
from fashion_pggan.storage.shards import levels_up_to
from train.growth.schedule import Phase, doublings_between, minibatch_at, phase_of
from train.limits.memory import empty_batch, zero_rates
from train.limits.minibatches import check_schedule
from train.model.networks import Architecture
from train.processes.ranks import Ranks
from train.record.gradients import resolution_of
from train.step.trainer import Trainer

COLUMNS = "level | minibatch | per GPU | learning rate | steps | sent, MB | network, ms | GPU, ms | share"
WAYS = ("computing", "network")


@dataclass(frozen=True)
class Link:
    """The slowest link of a ring of GPUs; both figures are assumptions."""

    gigabytes_per_s: float
    latency_us: float

    def seconds(self, handed: float, gpus: int) -> float:
        """Of the all-reduces of a step, of which there are two: critic, generator."""
        return sent(handed, gpus) / self.gigabytes_per_s / 1e9 + 2 * 2 * (gpus - 1) * self.latency_us / 1e6


def main() -> None:
    """Print the tables."""
    given = _arguments()
    params = load_params(given.params)
    link = Link(given.gigabytes_per_s, given.latency_us)
    resolution = params.curate.resolution
    shape = _shape(params)
    print(f"{given.params}: {resolution} px, {given.tflops:g} TFLOP/s per GPU, {link}\n")
    print("| level | gradients handed over, MB | of levels up to here, MB |\n|---|---|---|")
    handed = {side: gradient_bytes(shape, params.train, side) for side in levels_up_to(resolution)}
    for side, size in handed.items():
        print(f"| {side} | {size / 1e6:.1f} | {grown_bytes(shape, params.train, side) / 1e6:.1f} |")
    for gpus in given.gpus:
        train = _with_share(params.train, resolution, gpus, given.share) if given.share else params.train
        print(f"\n{gpus} GPUs{_refusal(resolution, gpus, train)}\n")
        print(f"| {COLUMNS} |\n{'|---' * 9}|")
        rows = [
            _row(shape, train, side, gpus, link.seconds(handed[side], gpus), given.tflops)
            for side in levels_up_to(resolution)
            if minibatch_at(side, gpus, train)
        ]
        for row in rows:
            print(row.text(sent(handed[row.level], gpus)))
        computing, network = (sum(row.steps * getattr(row, name) for row in rows) for name in WAYS)
        print(f"\nin these rows: {computing / 3600:.1f} h of computing, {network / 3600:.1f} h of network")


def gradient_bytes(shape: Architecture, params: TrainParams, side: int) -> int:
    """Bytes that a process hands to all-reduce in a step at a level."""
    sizes: list[int] = []

    def count(vector: Tensor) -> None:
        sizes.append(vector.numel() * vector.element_size())

    two = Ranks(0, 2, torch.device("meta"))
    with torch.device("meta"), patch.object(dist, "all_reduce", count):
        trainer = Trainer(shape, params.model_copy(update={"compile": False}), two)
        batch = empty_batch(shape.stddev_group, side, shape, "meta")
        for gradient in (trainer.critic_gradient, trainer.generator_gradient):
            gradient(batch, zero_rates("meta"), doublings_between(4, side), False)
    return sum(sizes)


def grown_bytes(shape: Architecture, params: TrainParams, side: int) -> int:
    """Bytes of the gradients of both networks at levels up to one; those above are zero until they grow."""
    with torch.device("meta"):
        trainer = Trainer(shape, params, Ranks(0, 1, torch.device("meta")))
    return sum(
        4 * parameter.numel()
        for network in (trainer.critic, trainer.generator)
        for name, parameter in network.named_parameters()
        if resolution_of(name) <= side
    )


def sent(handed: float, gpus: int) -> float:
    """Bytes that each process of a ring sends."""
    return 2 * (gpus - 1) / gpus * handed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--params", type=Path, default=Path("presets/paper.yaml"))
    parser.add_argument("--gpus", nargs="+", type=int, default=[1, 8, 64, 512])
    parser.add_argument("--share", type=int, help="images per GPU and step; without: the file's minibatches")
    parser.add_argument("--gigabytes-per-s", type=float, default=50.0, help="of the slowest link, one way")
    parser.add_argument("--latency-us", type=float, default=10.0, help="of a message on it")
    parser.add_argument("--tflops", type=float, default=20.0, help="that a GPU reaches in a step")
    return parser.parse_args()


def _shape(params: Params) -> Architecture:
    train = params.train
    return Architecture(
        params.curate.resolution, train.latent_size, train.fmap_base, train.fmap_max, train.stddev_group
    )


def _with_share(params: TrainParams, resolution: int, gpus: int, share: int) -> TrainParams:
    """The minibatches of a file, but at least so many images per GPU."""
    least = {side: max(minibatch_at(side, 1, params), share * gpus) for side in levels_up_to(resolution)}
    return params.model_copy(update={"minibatch": least, "max_minibatch_per_device": {}})


def _refusal(resolution: int, gpus: int, params: TrainParams) -> str:
    try:
        check_schedule(resolution, gpus, params)
    except UserError as error:
        return f": refused ({error})"
    return ""


@dataclass(frozen=True)
class Row:
    """A level on so many GPUs."""

    level: int  # pixels
    minibatch: int  # images per step, over all GPUs
    share: int  # of one GPU
    learning_rate: float
    steps: int
    computing: float  # seconds of a step
    network: float  # seconds of a step

    def text(self, size: float) -> str:
        """The row, with the bytes that a GPU sends in a step."""
        cells = [
            f"{self.level} | {self.minibatch} | {self.share} | {self.learning_rate:g} | {self.steps}",
            f"{size / 1e6:.0f} | {self.network * 1000:.1f} | {self.computing * 1000:.1f}",
            f"{self.network / (self.network + self.computing):.0%}",
        ]
        return f"| {' | '.join(cells)} |"


def _row(
    shape: Architecture, params: TrainParams, side: int, gpus: int, network: float, tflops: float
) -> Row:
    phase = phase_of(doublings_between(side, shape.resolution), shape.resolution, gpus, params)
    share, rate = phase.minibatch // gpus, phase.learning_rate
    whole = params.model_copy(update={"microbatch": {}})
    computing = flops_of(shape, whole, Phase(phase.lod, side, share, rate)) * share / tflops / 1e12
    return Row(
        side, phase.minibatch, share, rate, _steps(side, phase.minibatch, shape, params), computing, network
    )


def _steps(side: int, minibatch: int, shape: Architecture, params: TrainParams) -> int:
    """Steps at a level: fading in and alone; at the final one, to the end of the schedule."""
    kimg = params.stabilise_kimg + params.fade_kimg * (side > params.initial_resolution)
    if side == shape.resolution:
        levels = doublings_between(params.initial_resolution, side)
        kimg = params.total_kimg - levels * (params.stabilise_kimg + params.fade_kimg) + params.fade_kimg
    return round(kimg * 1000 / minibatch)
