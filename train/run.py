"""The training loop: resume; while not done: step, log, snapshot, checkpoint."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.params import TrainParams
from fashion_pggan.storage.shards import Dataset
from train.adaptive.look import look
from train.adaptive.plateau import AdaptiveSchedule
from train.growth.schedule import Phase, doublings_between, phase_at, phase_of
from train.limits.held_out import tell_seen
from train.limits.label_shares import labels_of
from train.limits.minibatches import check_schedule
from train.lineage.about import About, about, about_in, continued, facts_of, write_about
from train.lineage.identity import identity_of
from train.lineage.start import architecture_for, start_from, unseen_at_start
from train.lineage.weights import weights_of
from train.machine.choices import AUTO, precision_of
from train.machine.graphs import Recorded
from train.machine.interruption import Interruption, between_steps
from train.machine.kernels import try_kernels
from train.machine.threads import Threads
from train.model.networks import Architecture, Critic, Generator
from train.model.precision import set_precision
from train.processes.ranks import Ranks, share_from_first, wait_for_all
from train.record.intervals import EverySeconds, Stopwatch
from train.record.record import Record
from train.record.running_means import RunningMeans
from train.saved.checkpoint import newest_state, write_checkpoint
from train.saved.kept import drop_others, names_in, names_of, newest_of
from train.saved.state import check_state
from train.step.inner_loop import InnerLoop
from train.step.trainer import Trainer

log = logging.getLogger(__name__)


class Run:
    """A training run; it resumes from the newest checkpoint in its folder.

    Args:
        folder: the run's own; checkpoints, snapshots, grids and logs are written here.
        dataset: what to learn from.
        params: the train section.
        ranks: this process among those that train together.
        git_commit: of the program, for the snapshots.
        weights: that it starts from, as `weights_of` names them; None: to be found.

    Raises:
        UserError: the newest checkpoint is damaged or of other networks, or the schedule does not fit.
    """

    def __init__(
        self,
        folder: Path,
        dataset: Dataset,
        params: TrainParams,
        ranks: Ranks,
        git_commit: str,
        weights: str | None = None,
    ) -> None:
        check_schedule(dataset.resolution, ranks.count, params)
        self.folder, self.dataset, self.params, self.ranks = folder, dataset, params, ranks
        self.git_commit = git_commit
        self.identity = identity_of(params, dataset, ranks, self._start(weights))
        self.labels = labels_of(dataset, params)
        architecture = architecture_for(dataset, params)
        self.about = self._choose(architecture)
        self.kept: set[str] = set()  # names of the snapshots that the run has written
        self.logged = ""  # the log's rows at its checkpoint
        set_precision(self.precision)
        try_kernels(ranks.device)
        self.trainer = Trainer(architecture, params.model_copy(update={"precision": self.precision}), ranks)
        if params.cuda_graphs and ranks.count > 1:
            raise UserError(
                f"train.cuda_graphs is true, but a graph records one process and here are {ranks.count}: "
                "set it to false; train.compile makes steps fast too"
            )
        recorded = params.cuda_graphs and ranks.device.type == "cuda"
        step = Recorded(self.trainer).step if recorded else self.trainer.step
        self.loop = InnerLoop(self.trainer, dataset, step)
        self.clock = Stopwatch()  # over all starts
        self.adaptive = AdaptiveSchedule(
            doublings_between(params.initial_resolution, dataset.resolution), params
        )
        if ranks.first:
            self._begin(architecture)

    @property
    def images_shown(self) -> int:
        """Real images shown to the critic so far, over all processes."""
        return self.loop.images_shown

    @property
    def looked_at(self) -> int:
        """Images shown when the schedule was last looked at; less in the middle of a look's steps."""
        return self.loop.looked_at

    @property
    def seconds(self) -> float:
        """Trained so far, over all starts."""
        return self.clock.seconds

    @property
    def generator(self) -> Generator:
        """The generator."""
        return self.trainer.generator

    @property
    def critic(self) -> Critic:
        """The critic."""
        return self.trainer.critic

    @property
    def gradients(self) -> dict[str, Tensor]:
        """Of the last step, (parameters,) by network: critic, generator."""
        return self.trainer.gradients

    @property
    def average(self) -> Generator:
        """The averaged generator, of which snapshots are taken."""
        return self.trainer.average

    @property
    def skipped_steps(self) -> int:
        """Steps skipped since the run began; reading it waits for the device."""
        return sum(int(optimizer.skipped) for optimizer in self.trainer.optimizers())

    @property
    def phase(self) -> Phase:
        """Where the schedule stands."""
        where = (self.dataset.resolution, self.ranks.count, self.params)
        looked_at = self.loop.looked_at
        if self.params.schedule == "fixed":
            return phase_at(looked_at, *where)
        return phase_of(self.adaptive.lod_at(looked_at), *where)

    @property
    def ended(self) -> bool:
        """Whether all images are shown."""
        return self.looked_at >= round(self.params.total_kimg * 1000)

    def go(self) -> None:
        """Train to the end, from wherever the run stands."""
        total = round(self.params.total_kimg * 1000)
        stopping = between_steps(self.ranks, self.params.grace_s)
        with stopping as asked_to_stop, Record(self, total, self.logged) as record:
            if not record.ended:  # a run at its end takes no time
                with self.clock:
                    self._train(record, asked_to_stop)

    def _train(self, record: Record, asked_to_stop: Interruption) -> None:
        saving = EverySeconds(self.params.checkpoint_s)
        while not record.ended:
            phase = self.advance(record.means, asked_to_stop.look)
            if self.loop.at_a_look:
                if record.log(phase):
                    self._check_skipped()
                record.snapshot()
            if record.ended:
                self.clock.stop()  # so that the last checkpoint and the report name the same time
            if record.ended or asked_to_stop or saving.over():
                if not record.ended:
                    self._choose_threads()
                self._checkpoint(record)
                record.status()
                saving.begin()
            wait_for_all(self.ranks)  # the first one may take long to write
            if asked_to_stop:
                if self.ranks.first:
                    log.info("stopped at %d images: the same command resumes there", self.images_shown)
                asked_to_stop.obey()
            record.progress()

    def advance(self, means: RunningMeans, stops: Callable[[], bool] = lambda: False) -> Phase:
        """Look at the schedule once, then take a few steps of the same phase, as published.

        Args:
            means: to add the steps' values to.
            stops: asked after each step whether to return; the rest is done by the next call.
        """
        at_a_look = self.loop.at_a_look and self.params.schedule == "adaptive"
        if at_a_look and self.adaptive.due(self.images_shown):
            shares = list(self.labels.values())
            look(self.adaptive, self.images_shown, self.average, self.dataset, self.phase, self.ranks, shares)
        phase = self.phase
        self.loop.advance(phase, means.add, stops)
        return phase

    def _check_skipped(self) -> None:
        in_a_row = max(int(optimizer.in_a_row) for optimizer in self.trainer.optimizers())
        if in_a_row > self.params.max_skipped_steps:
            raise UserError(
                f"gradients were not finite in {in_a_row} steps in a row, up to image {self.images_shown}: "
                "lower train.learning_rate_base, then run again"
            )

    def _checkpoint(self, record: Record) -> None:
        if self.ranks.first:
            self.kept = newest_of(self.kept | names_in(self.folder), self.params.keep_snapshots)
            state = {
                "identity": self.identity,
                "about": self.about.model_dump(),
                "snapshots": sorted(self.kept),
                "log": record.rows(),
                "tensors": self.trainer.state(),
                **self._position(),
            }
            write_checkpoint(self.folder, self.images_shown, state)
            drop_others(self.folder, self.kept)

    def _start(self, weights: str | None) -> str:
        if weights is None:
            return weights_of(self.params, self.folder.parent) if self.ranks.first else ""
        return weights

    def _choose(self, architecture: Architecture) -> About:
        """Set threads and precision as the run had them before; returns what it says of itself."""
        before = about(self.folder) if self.ranks.first else None
        held = before.facts if before else {}
        self.threads = Threads(self.params, held, self.ranks.device)
        self.precision = precision_of(self.params, architecture, self.ranks, held)
        facts = facts_of(self.dataset, self.params, self.ranks)
        return About(
            identity=self.identity,
            facts=facts | ({"chosen_precision": self.precision} if self.params.precision == AUTO else {}),
            git_commit=self.git_commit,
            history=[],
            start_from=self.params.start_from,
        )

    def _begin(self, architecture: Architecture) -> None:
        """Take over the newest checkpoint; else the weights to start from, where they are named."""
        state = newest_state(self.folder, self.ranks.device)
        if state is not None:
            self._restore(state)
        elif self.params.start_from:
            start = self.params.start_from, self.folder.parent
            start_from(*start, self.trainer.vectors, architecture, [*self.labels])
            self.about = unseen_at_start(*start, self.about)
        tell_seen(self.dataset, self.about.facts)

    def _restore(self, state: dict[str, Any]) -> None:
        try:
            before = about_in(state)
            check_state(state, self.trainer.state())
            self.kept, self.logged = names_of(state), str(state.get("log", ""))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"the newest checkpoint in {self.folder} does not fit the run ({one_line(error)}): "
                "take it out of the folder"
            ) from error
        self._go_to(state)
        self._continue(before)
        for name, tensor in self.trainer.state().items():
            tensor.copy_(state["tensors"][name])

    def _continue(self, before: About) -> None:
        """Take over a run's history, with what has changed since its checkpoint."""
        self.about = continued(before, self.about, self.images_shown)
        if len(self.about.history) > len(before.history):
            change = self.about.history[-1]
            log.warning("resuming with changes, which are kept in the run's history: %s", change)

    def _choose_threads(self) -> None:
        """Choose the number of threads again; a change is kept in the run's history."""
        if threads := self.threads.chosen_again():
            now = self.about.model_copy(update={"facts": self.about.facts | {"threads": threads}})
            self.about = continued(self.about, now, self.images_shown)
            write_about(self.folder, self.about)

    def agree(self) -> None:
        """Give all processes the first one's state, so that only that one needs the run's folder."""
        self._go_to(share_from_first(self.trainer.state().values(), self._position(), self.ranks))

    def _position(self) -> dict[str, Any]:
        return {
            "images_shown": self.images_shown,
            "looked_at": self.loop.looked_at,
            "stretch": self.loop.stretch,
            "seconds": self.seconds,
            "growth": self.adaptive.state(),
        }

    def _go_to(self, position: dict[str, Any]) -> None:
        self.loop.images_shown, self.loop.stretch = position["images_shown"], position["stretch"]
        self.loop.looked_at = position.get("looked_at", self.images_shown)  # former checkpoints have none
        self.clock.seconds = position["seconds"]
        self.adaptive.restore(position["growth"])
