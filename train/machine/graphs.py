"""Records a step once per phase as a CUDA graph and replays it, which saves launching each kernel."""

from typing import Any

import torch
from torch import Tensor

from train.step.data import Batch
from train.step.trainer import Rates, Trainer, Values

WARM_UPS = 3  # steps before recording, in which libraries choose their kernels


class Recorded:
    """Runs `Trainer.step` from a CUDA graph.

    Args:
        trainer: its step is recorded, and playing it back changes its tensors.
    """

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self._key: tuple[Any, ...] | None = None
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: list[Tensor] = []
        self._values: Values = {}

    def step(self, batch: Batch, rates: Rates, steps: int, fading: bool) -> Values:
        """Run a step; the next one overwrites the values."""
        given = _tensors(batch, rates)
        key = (steps, fading, *(tensor.shape for tensor in given))
        if key != self._key:
            self.record(batch, rates, steps, fading)
            self._key = key
        assert self._graph is not None
        for fixed, tensor in zip(self._inputs, given, strict=True):
            fixed.copy_(tensor, non_blocking=True)
        self._graph.replay()
        return self._values

    def record(self, batch: Batch, rates: Rates, steps: int, fading: bool) -> None:
        """Record a step; the trainer is then as it was. The graph keeps the memory of a step."""
        # the memory of the phase before
        self._key, self._graph, self._values, self.trainer.gradients = None, None, {}, {}
        self._inputs = [tensor.clone() for tensor in _tensors(batch, rates)]
        *tensors, fade, learning_rate, ema_decay = self._inputs
        batch, rates = Batch(*tensors), Rates(fade, learning_rate, ema_decay)
        kept = {name: tensor.clone() for name, tensor in self.trainer.state().items()}
        beside = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # PyTorch has no types here
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(WARM_UPS):
                self.trainer.step(batch, rates, steps, fading)
        torch.cuda.current_stream().wait_stream(beside)
        for name, tensor in self.trainer.state().items():
            tensor.copy_(kept[name])
        del kept  # the recording needs the memory
        self.trainer.gradients = {}
        self._graph = torch.cuda.CUDAGraph()
        # the thread that prepares the next minibatch may allocate meanwhile
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._values = self.trainer.step(batch, rates, steps, fading)


def _tensors(batch: Batch, rates: Rates) -> list[Tensor]:
    return [*batch.tensors(), rates.fade, rates.learning_rate, rates.ema_decay]
