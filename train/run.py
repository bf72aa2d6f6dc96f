"""The training loop: resume; while not done: step, log, snapshot, checkpoint."""

import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fashion_pggan.errors import UserError
from fashion_pggan.params import TrainParams, hash_of
from fashion_pggan.shards import Dataset
from train import ema
from train.checkpoint import newest_state, write_checkpoint
from train.data import reals_at
from train.distributed import Ranks, average_gradients
from train.interruption import between_steps
from train.losses import critic_loss, generator_loss, penalty_target
from train.networks import Architecture, Critic, Generator
from train.optimizer import adam, step_if_finite
from train.randomness import generator_at
from train.record.due import EverySeconds
from train.record.measured import Measured
from train.record.record import Record
from train.schedule import Phase, check_schedule, phase_at

# Parameters that say what is written when, or where a run ends, but do not change the training itself.
MAY_CHANGE = frozenset(
    {
        *("total_kimg", "snapshot_kimg", "snapshot_s", "checkpoint_s", "log_kimg"),
        *("grid_s", "grid_columns", "grid_rows"),
        *(name for name in TrainParams.model_fields if name.startswith("alarm_")),
    }
)

# Modules that say what is computed: when one changes, it is another training.
MATHEMATICS = ("data", "ema", "layers", "losses", "networks", "optimizer", "randomness", "schedule")


def program_of(folder: Path) -> str:
    """A short name for the mathematics in a folder of the program's modules."""
    return hash_of(*((folder / f"{name}.py").read_text(encoding="utf-8") for name in MATHEMATICS))


def identity_of(params: TrainParams, dataset: Dataset, ranks: Ranks) -> dict[str, Any]:
    """What makes two runs the same run."""
    fixed = params.model_dump(mode="json", exclude=set(MAY_CHANGE))
    program = program_of(Path(__file__).parent)
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
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(params.seed)
            self.generator = Generator(architecture)
            self.critic = Critic(architecture)
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        for network in (self.generator, self.critic, self.average):
            network.to(ranks.device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # stubs lack it
        self.images_shown = 0
        self.seconds = 0.0  # trained so far, over all starts
        self.skipped_steps = 0
        self.skipped_in_a_row = 0
        self.stretch = self.phase.stretch
        self._start_optimizers()
        state = newest_state(folder, ranks.device)
        if state is not None:
            self._restore(state)

    # the loop

    def go(self) -> None:
        """Train to the end, from wherever the run stands."""
        total = round(self.params.total_kimg * 1000)
        with between_steps() as asked_to_stop, Record(self, total) as record:
            saving, began = EverySeconds(self.params.checkpoint_s), time.monotonic()
            while self.images_shown < total:
                phase = self.advance(record.measured)
                began = self._count_seconds(began)
                record.log(phase)
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
        return phase_at(self.images_shown, self.dataset.resolution, self.ranks.count, self.params)

    def advance(self, measured: Measured) -> Phase:
        """Some steps of the same phase; the schedule is looked at once before them, as published."""
        phase = self.phase
        if phase.stretch != self.stretch:
            self.stretch = phase.stretch
            self._start_optimizers()
        for _ in range(self.params.minibatch_repeats):
            values, critic_stepped = self._critic_step(phase)
            ema.update(self.average, self.generator, self.params.ema_decay)
            values["generator_loss"], generator_stepped = self._generator_step(phase)
            self._count_skipped(2 - critic_stepped - generator_stepped)
            self.images_shown += phase.minibatch
            measured.add(values, phase.minibatch)
        return phase

    def _critic_step(self, phase: Phase) -> tuple[dict[str, Tensor], bool]:
        params = self.params
        reals = reals_at(
            self.dataset,
            self.images_shown,
            phase,
            seed=params.seed,
            mirror=params.mirror,
            rank=self.ranks.rank,
            ranks=self.ranks.count,
        ).to(self.ranks.device)
        with torch.no_grad():
            fakes = self.generator(self._latents("critic", phase), phase.lod)
        mixing = self._share(torch.rand, "mixing", (phase.minibatch, 1, 1, 1))
        self.critic.zero_grad()
        result = critic_loss(
            self.critic,
            reals,
            fakes,
            mixing,
            phase.lod,
            gp_target=penalty_target(phase.lod, params.gp_reference),
            gp_weight=params.gp_weight,
            drift_weight=params.drift_weight,
        )
        result.loss.backward()  # type: ignore[no-untyped-call]  # PyTorch has no types here
        average_gradients(self.critic, self.ranks)
        values = {
            "critic_loss": result.loss.detach(),
            "score_real": result.score_real,
            "score_fake": result.score_fake,
            "penalty_norm": result.penalty_norm,
        }
        return values, step_if_finite(self.critic_optimizer, phase.learning_rate, params)

    def _generator_step(self, phase: Phase) -> tuple[Tensor, bool]:
        self.generator.zero_grad()
        self.critic.requires_grad_(False)
        fakes = self.generator(self._latents("generator", phase), phase.lod)
        loss = generator_loss(self.critic, fakes, phase.lod)
        loss.backward()  # type: ignore[no-untyped-call]  # PyTorch has no types here
        self.critic.requires_grad_(True)
        average_gradients(self.generator, self.ranks)
        return loss.detach(), step_if_finite(self.generator_optimizer, phase.learning_rate, self.params)

    def _latents(self, purpose: str, phase: Phase) -> Tensor:
        return self._share(torch.randn, purpose, (phase.minibatch, self.params.latent_size))

    def _share(self, draw: Callable[..., Tensor], purpose: str, shape: tuple[int, ...]) -> Tensor:
        """This process's rows of what one process would draw."""
        drawn = draw(shape, generator=generator_at(self.params.seed, purpose, self.images_shown))
        return drawn[self.ranks.rank :: self.ranks.count].to(self.ranks.device)

    def _count_skipped(self, skipped: int) -> None:
        self.skipped_in_a_row = self.skipped_in_a_row + skipped if skipped else 0
        self.skipped_steps += skipped
        if self.skipped_in_a_row > self.params.max_skipped_steps:
            raise UserError(
                f"{self.skipped_in_a_row} steps in a row had gradients that are not finite, at "
                f"{self.images_shown} images: lower train.learning_rate_base, then run again"
            )

    def _count_seconds(self, began: float) -> float:
        now = time.monotonic()
        self.seconds += now - began
        return now

    # what is written

    def _checkpoint(self) -> None:
        if not self.ranks.first:
            return
        state = {
            "identity": self.identity,
            "images_shown": self.images_shown,
            "stretch": list(self.stretch),
            "seconds": self.seconds,
            "skipped_steps": self.skipped_steps,
            "generator": self.generator.state_dict(),
            "critic": self.critic.state_dict(),
            "average": self.average.state_dict(),
            "generator_optimizer": self.generator_optimizer.state_dict(),
            "critic_optimizer": self.critic_optimizer.state_dict(),
        }
        write_checkpoint(self.folder, self.images_shown, state)

    # state

    def _start_optimizers(self) -> None:
        self.generator_optimizer = adam(self.generator, self.params)
        self.critic_optimizer = adam(self.critic, self.params)

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
        self.images_shown = state["images_shown"]
        self.stretch = tuple(state["stretch"])
        self.seconds = state["seconds"]
        self.skipped_steps = state["skipped_steps"]
        for name in ("generator", "critic", "average", "generator_optimizer", "critic_optimizer"):
            getattr(self, name).load_state_dict(state[name])
