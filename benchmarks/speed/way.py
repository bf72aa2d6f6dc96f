"""One way of training, in a process of its own: it prepares a level, then takes steps when it is asked to."""

import gc
import itertools
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from benchmarks.memory import PeakMemory
from benchmarks.speed.counting import flops_of, matrix_rate, peer_step
from fashion_pggan.devices import device_of
from fashion_pggan.errors import one_line
from fashion_pggan.params import TrainParams
from fashion_pggan.storage.shards import Dataset
from train.growth.schedule import Phase, minibatch_at
from train.machine.graphs import Recorded
from train.machine.kernels import try_kernels
from train.model.networks import Architecture
from train.model.precision import set_precision
from train.processes.ranks import Ranks
from train.step.data import Feed
from train.step.trainer import Rates, Trainer

WARM_UPS = 3  # steps after the first
WAYS: dict[str, dict[str, Any]] = {
    "eager": {"precision": "float32", "compile": False, "cuda_graphs": False},
    "compiled": {"precision": "float32", "compile": True, "cuda_graphs": False},
    "eager-bf16": {"precision": "bfloat16", "compile": False, "cuda_graphs": False},
    "compiled-bf16": {"precision": "bfloat16", "compile": True, "cuda_graphs": False},
    "graph-bf16": {"precision": "bfloat16", "compile": False, "cuda_graphs": True},
    "compiled-graph-bf16": {"precision": "bfloat16", "compile": True, "cuda_graphs": True},
}
PEER = "peer"


@dataclass(frozen=True)
class Job:
    """What all ways of a comparison share."""

    dataset: Path
    params: TrainParams
    device: str
    peer: Path | None  # a foreign implementation


class Level:
    """A level that stands alone, its first step taken.

    Args:
        job: see there.
        way: of `WAYS`, or the peer.
        side: pixels.
    """

    def __init__(self, job: Job, way: str, side: int) -> None:
        params = job.params.model_copy(update=WAYS.get(way, WAYS["eager"]))
        self.device, self.side, self.way = device_of(job.device), side, way
        set_precision(params.precision)
        try_kernels(self.device)
        dataset = Dataset(job.dataset)
        self.shape = Architecture(
            dataset.resolution, params.latent_size, params.fmap_base, params.fmap_max, params.stddev_group
        )
        self.params, self.phase = params, _phase(dataset.resolution, side, params)
        self.feed = None if way == PEER else Feed(dataset, params, Ranks(0, 1, self.device))
        self.step = (
            peer_step(job.peer, self.shape, self.phase, self.device)
            if job.peer and way == PEER
            else self._own()
        )
        self.peak = 0  # bytes
        self.seconds = 0.0
        began = time.monotonic()
        self.step()
        self._wait()
        self.first_s = time.monotonic() - began
        if self.device.type == "cuda":
            torch.cuda.empty_cache()  # what trying kernels took
            torch.cuda.reset_peak_memory_stats()
        for _ in range(WARM_UPS):
            self.step()
        self._wait()
        if self.feed:
            self.feed.waited_s = 0.0

    def turn(self, seconds: float) -> float:
        """Take steps for some seconds; images per second."""
        cuda = self.device.type == "cuda"
        with nullcontext() if cuda else PeakMemory() as memory:
            began, steps = time.monotonic(), 0
            while not steps or time.monotonic() - began < seconds:
                self.step()
                steps += 1
                if steps % 8 == 0:
                    self._wait()
            self._wait()
            passed = time.monotonic() - began
        self.peak = max(self.peak, memory.peak if memory else torch.cuda.max_memory_reserved())
        self.seconds += passed
        return steps * self.phase.minibatch / passed

    def facts(self) -> dict[str, Any]:
        """What is known after the turns."""
        kind = torch.bfloat16 if "bf16" in self.way else torch.float32
        own = self.feed is not None
        return {
            "minibatch": self.phase.minibatch,
            "first_s": self.first_s,
            "waiting": self.feed.waited_s / self.seconds if self.feed else None,
            "flops_per_image": flops_of(self.shape, self.params, self.phase) if own else None,
            "matrix_rate": matrix_rate(self.device, kind),
            "peak_gb": self.peak / 1e9,
        }

    def close(self) -> None:
        """End the thread that reads."""
        if self.feed:
            self.feed.close()

    def _own(self) -> Callable[[], None]:
        steps = Trainer(self.shape, self.params, Ranks(0, 1, self.device))
        recorded = self.params.cuda_graphs and self.device.type == "cuda"
        step = Recorded(steps).step if recorded else steps.step
        phase, feed = self.phase, self.feed
        assert feed is not None
        numbers = (phase.fade, phase.learning_rate, self.params.ema_decay)
        rates = Rates(*(torch.full((), number, device=self.device) for number in numbers))
        shown = itertools.count(0, phase.minibatch)

        def one() -> None:
            step(feed.batch_at(next(shown), phase), rates, phase.doublings, False)

        return one

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def answer(connection: Connection, job: Job, way: str) -> None:
    """Answer requests until the other end is closed: `prepare` a level, take a `turn`, tell `facts`.

    Each answer is a pair: whether it went well, and the value or the error's text.
    """
    level: Level | None = None
    while True:
        try:
            request, value = connection.recv()
        except EOFError:
            return
        try:
            if request == "prepare":
                if level:
                    level.close()
                level = None
                _forget()
                level = Level(job, way, value)
                found: Any = None
            elif request == "machine":
                found = _machine(job)
            else:
                assert level is not None
                found = level.turn(value) if request == "turn" else level.facts()
            connection.send((True, found))
        except Exception as error:
            connection.send((False, f"{type(error).__name__}: {one_line(error)}"))


def _machine(job: Job) -> str:
    device = device_of(job.device)
    name = (
        torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{torch.get_num_threads()} CPU threads"
    )
    rates = ", ".join(
        f"{kind} {matrix_rate(device, getattr(torch, kind)) / 1e12:.2f} TFLOP/s"
        for kind in ("float32", "bfloat16")
    )
    return f"{name}, torch {torch.__version__}; matrix products: {rates}"


def _phase(final: int, side: int, params: TrainParams) -> Phase:
    return Phase(
        lod=float(final.bit_length() - side.bit_length()),
        resolution=side,
        minibatch=minibatch_at(side, 1, params),
        learning_rate=params.learning_rate.get(side, params.learning_rate_base),
    )


def _forget() -> None:
    """Give back the memory of the level before."""
    torch.compiler.reset()
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
