"""The training loop: resume; while not done: step, log, snapshot, checkpoint."""

import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fashion_pggan.errors import UserError
from fashion_pggan.params import TrainParams
from fashion_pggan.program import program_of
from fashion_pggan.storage.shards import Dataset
from train.adaptive.adaptive import Growth, measure
from train.distributed import Ranks, share_from_first
from train.growth.schedule import Phase, check_schedule, doublings_between, phase_at, phase_of
from train.interruption import between_steps
from train.model.networks import Architecture, Critic, Generator
from train.record.due import EverySeconds
from train.record.measured import Measured
from train.record.record import Record
from train.saved.checkpoint import newest_state, write_checkpoint
from train.step import ema
from train.step.data import Feed
from train.step.graphs import Recorded
from train.step.step import Rates, Steps

# Parameters that say what is written when, or where a run ends, but do not change the training itself.
MAY_CHANGE = frozenset(
    {
        *("total_kimg", "snapshot_kimg", "snapshot_s", "checkpoint_s", "log_kimg"),
        *("grid_s", "grid_columns", "grid_rows", "max_skipped_steps", "cuda_graphs", "resident_gb"),
        *(name for name in TrainParams.model_fields if name.startswith("alarm_")),
    }
)

COMPUTING = ("train.growth", "train.model", "train.step")  # when one changes, it is another training
MEASURING = ("train.adaptive", "fashion_pggan.distance")  # steers an adaptive schedule


def identity_of(params: TrainParams, dataset: Dataset, ranks: Ranks) -> dict[str, Any]:
    """What makes two runs the same run."""
    fixed = params.model_dump(mode="json", exclude=set(MAY_CHANGE))
    program = program_of(*COMPUTING, *(MEASURING if params.schedule == "adaptive" else ()))
    return {**fixed, "dataset_version": dataset.version, "processes": ranks.count, "program": program}


class Run:
    """A training run: its state, and how it moves on.

    Args:
        folder: the run's own; checkpoints, snapshots, grids and logs are written here.
        dataset: what to learn from.
        params: the train section.
        ranks: this process among those that train together.
        git_commit: of the program, for the snapshots.

    Raises:
        UserError: the folder holds a run with other parameters, or the schedule does not fit.
    """

    def __init__(
        self, folder: Path, dataset: Dataset, params: TrainParams, ranks: Ranks, git_commit: str
    ) -> None:
        check_schedule(dataset.resolution, ranks.count, params)
        self.folder, self.dataset, self.params, self.ranks = folder, dataset, params, ranks
        self.git_commit = git_commit
        self.identity = identity_of(params, dataset, ranks)
        architecture = Architecture(
            dataset.resolution, params.latent_size, params.fmap_base, params.fmap_max, params.stddev_group
        )
        set_precision(params.precision)
        self.steps = Steps(architecture, params, ranks)
        self.feed = Feed(dataset, params, ranks)
        recorded = params.cuda_graphs and ranks.device.type == "cuda" and ranks.count == 1
        self._step = Recorded(self.steps).step if recorded else self.steps.step
        self.images_shown = 0
        self.seconds = 0.0  # trained so far, over all starts
        self.growth = Growth(doublings_between(params.initial_resolution, dataset.resolution), params)
        self.stretch = self.phase.stretch
        state = newest_state(folder, ranks.device) if ranks.first else None
        if state is not None:
            self._restore(state)

    @property
    def generator(self) -> Generator:
        """The generator."""
        return self.steps.generator

    @property
    def critic(self) -> Critic:
        """The critic."""
        return self.steps.critic

    @property
    def gradients(self) -> dict[str, Tensor]:
        """Of the last step, (parameters,) by network: critic, generator."""
        return self.steps.gradients

    @property
    def average(self) -> Generator:
        """The averaged generator, of which snapshots are taken."""
        return self.steps.average

    @property
    def skipped_steps(self) -> int:
        """Since the run began; waits for the device."""
        return int(self.steps.critic_optimizer.skipped + self.steps.generator_optimizer.skipped)

    # the loop

    def go(self) -> None:
        """Train to the end, from wherever the run stands."""
        total = round(self.params.total_kimg * 1000)
        with between_steps() as asked_to_stop, Record(self, total) as record:
            saving, began = EverySeconds(self.params.checkpoint_s), time.monotonic()
            while self.images_shown < total:
                phase = self.advance(record.measured)
                began = self._count_seconds(began)
                if record.log(phase):
                    self._check_skipped()
                record.snapshot()
                if record.ended or asked_to_stop or saving.over():
                    self._checkpoint()
                    record.status()
                    saving.begin()
                if asked_to_stop:
                    asked_to_stop.obey()
                record.progress()

    @property
    def phase(self) -> Phase:
        """Where the schedule stands."""
        where = (self.dataset.resolution, self.ranks.count, self.params)
        if self.params.schedule == "fixed":
            return phase_at(self.images_shown, *where)
        return phase_of(self.growth.lod_at(self.images_shown), *where)

    def advance(self, measured: Measured) -> Phase:
        """Some steps of the same phase; the schedule is looked at once before them, as published."""
        self._look_at_growth()
        phase = self.phase
        if phase.stretch != self.stretch:
            self.stretch = phase.stretch
            self.steps.start_afresh()
        for _ in range(self.params.minibatch_repeats):
            batch = self.feed.batch_at(self.images_shown, phase)
            values = self._step(batch, self._rates(phase), phase.doublings, phase.fade > 0)
            self.images_shown += phase.minibatch
            measured.add(values, phase.minibatch)
        return phase

    def _look_at_growth(self) -> None:
        """With the adaptive schedule, measure from time to time whether the next transition should start."""
        if self.params.schedule == "fixed" or not self.growth.due(self.images_shown):
            return
        distance = None
        if self.ranks.first:
            distance = measure(self.average, self.dataset, self.phase, self.params, self.ranks.device)
        shared = share_from_first((), {"distance": distance}, self.ranks)
        self.growth.look(self.images_shown, shared["distance"])

    def _rates(self, phase: Phase) -> Rates:
        decay = ema.decay_of(self.images_shown, phase.minibatch, self.params)
        numbers = (phase.fade, phase.learning_rate, decay)
        return Rates(*(torch.full((), number, device=self.ranks.device) for number in numbers))

    def _check_skipped(self) -> None:
        in_a_row = max(
            int(optimizer.in_a_row)
            for optimizer in (self.steps.critic_optimizer, self.steps.generator_optimizer)
        )
        if in_a_row > self.params.max_skipped_steps:
            raise UserError(
                f"{in_a_row} steps in a row had gradients that are not finite, by {self.images_shown} "
                "images: lower train.learning_rate_base, then run again"
            )

    def _count_seconds(self, began: float) -> float:
        now = time.monotonic()
        self.seconds += now - began
        return now

    # what is written

    def _checkpoint(self) -> None:
        if not self.ranks.first:
            return
        state = {"identity": self.identity, "tensors": self.steps.state(), **self._position()}
        write_checkpoint(self.folder, self.images_shown, state)

    # state

    def _position(self) -> dict[str, Any]:
        return {
            "images_shown": self.images_shown,
            "stretch": list(self.stretch),
            "seconds": self.seconds,
            "growth": self.growth.state(),
        }

    def _go_to(self, position: dict[str, Any]) -> None:
        self.images_shown, self.seconds = position["images_shown"], position["seconds"]
        self.stretch = tuple(position["stretch"])
        self.growth.restore(position["growth"])

    def _restore(self, state: dict[str, Any]) -> None:
        changed = [
            f"train.{name}: {state['identity'].get(name)} -> {value}"
            for name, value in self.identity.items()
            if state["identity"].get(name) != value
        ]
        if changed:
            raise UserError(
                f"{self.folder} was trained with other parameters ({', '.join(changed)}): "
                "delete it to start afresh, or put params.yaml back to resume"
            )
        self._go_to(state)
        for name, tensor in self.steps.state().items():
            tensor.copy_(state["tensors"][name])

    def agree(self) -> None:
        """All processes go on from the first one's state, so that only that one needs the run's folder."""
        self._go_to(share_from_first(self.steps.state().values(), self._position(), self.ranks))


def set_precision(precision: str) -> None:
    """Whether CUDA may round the inputs of float32 products to TF32."""
    fast = precision != "float32"
    torch.set_float32_matmul_precision("high" if fast else "highest")
    torch.backends.cudnn.allow_tf32 = fast
