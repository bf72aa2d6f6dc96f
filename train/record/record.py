"""Writes a run's rows, images, alarms, progress and status while it trains."""

import logging
import time
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from fashion_pggan.progress import Progress
from train.growth.schedule import Phase, phase_at
from train.record.alarms import alarms_in, lately
from train.record.gradients import norms_by_level
from train.record.hyperparameters import provenance_of
from train.record.images.gallery import Gallery
from train.record.images.samples import distance_between, stddev_of
from train.record.intervals import EveryKimg, EverySeconds
from train.record.log import History, Row
from train.record.pace import Outlook
from train.record.running_means import RunningMeans
from train.record.status_file import phase_word, status_of, write_status
from train.record.training import Training

WORDS = (
    "kimg: thousand images shown to the critic; lod, level of detail: 0 at the final resolution, one more "
    "at each halving, a fraction while a level fades in; s/kimg: seconds per kimg "
    "(docs/explanation/growth.md)"
)
STATUS_S = 60.0  # seconds at most until the status file is renewed

log = logging.getLogger(__name__)


class Record:
    """The record of a run, as a context; only the first process writes.

    Args:
        training: the run; it is read, never changed.
        total: where it ends, in images shown.
        logged: what `rows` returned at the run's checkpoint.
    """

    def __init__(self, training: Training, total: int, logged: str = "") -> None:
        self.training, self.total, self.logged = training, total, logged
        self.means = RunningMeans.empty()
        self.row_due = EveryKimg(training.params.log_kimg, training.looked_at)
        self.drawn = training.images_shown  # thousand images that the progress line shows
        self.outlook = Outlook(total, self._resolution_at)
        self.told = EverySeconds(STATUS_S)
        resolution = training.dataset.resolution
        self.distance = distance_between(stddev_of(training.dataset, resolution), resolution)

    def __enter__(self) -> Self:
        training = self.training
        if training.ranks.first:
            self.history = History(training.folder, training.images_shown, self.logged)
            self.history.say("run", provenance_of(training), training.images_shown)
            self.gallery = Gallery(training, self.history)
            self.lines = Progress(
                "training", self.total, "images", start=training.images_shown, says_left=False
            ).__enter__()
            self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.training.ranks.first:
            self.lines.__exit__(kind, error, trace)
            self.history.close()

    @property
    def ended(self) -> bool:
        """Whether the run is at its end."""
        return self.training.looked_at >= self.total

    def rows(self) -> str:
        """The rows so far, for a checkpoint; only the first process has them."""
        return self.history.text()

    def log(self, phase: Phase) -> bool:
        """Write a row if one is due, for the images up to now, with the alarms that hold.

        Args:
            phase: of the last step.

        Returns:
            Whether one was due.
        """
        if not (self.row_due.passed(self.training.images_shown) or self.ended):
            return False
        running, self.means = self.means, RunningMeans.empty()
        means = running.means(self.training.ranks)
        if self.training.ranks.first:
            self._write_row(phase, running, means)
            self.status()
        return True

    def snapshot(self) -> None:
        """Write the snapshots and grids that are due."""
        if self.training.ranks.first:
            self.gallery.renew(ended=self.ended)

    def status(self) -> None:
        """Write where the run stands, for `fashion-pggan train status`."""
        if self.training.ranks.first:
            alarms = self.history.rows[-1].alarms.split() if self.history.rows else []
            write_status(self.training.folder, status_of(self.training, alarms, self.outlook))
            self.told.begin()

    def progress(self) -> None:
        """Show the run's progress."""
        if not self.training.ranks.first:
            return
        shown, phase = self.training.images_shown, self.training.phase
        self.outlook.look(shown, phase.resolution)
        if self.told.over():
            self.status()
        notes = [f"{shown / 1000:.1f} kimg", f"{phase.resolution} px {phase_word(phase.lod)}"]
        notes.append(f"lod {phase.lod:.2f}")
        if left := self.outlook.left(shown):  # first, because a narrow terminal cuts off the end
            notes.insert(0, str(left))
        if speed := self.outlook.speed:
            notes.append(f"{speed:.3g} s/kimg")
        self.lines.advance(shown - self.drawn, ", ".join(notes))
        self.drawn = shown

    def _resolution_at(self, images_shown: int) -> int:
        training = self.training
        final, ranks = training.dataset.resolution, training.ranks.count
        if training.params.schedule == "adaptive":
            return final  # the adaptive schedule may grow earlier, so the time is not known
        return phase_at(images_shown, final, ranks, training.params).resolution

    def _begin(self) -> None:
        self.outlook.learn(self.history.rows, self.training.images_shown)
        self.outlook.look(self.training.images_shown, self.training.phase.resolution)
        self.status()
        if self.ended:
            self.gallery.complete()
            return
        log.info(WORDS)
        if self.training.images_shown == 0:
            self.gallery.keep()
        self.means = RunningMeans.empty()

    def _write_row(self, phase: Phase, running: RunningMeans, means: dict[str, Any]) -> None:
        training = self.training
        seconds = time.monotonic() - running.began
        others = {f"measured/{name}": means.pop(name) for name in means.keys() - Row.__annotations__.keys()}
        row = Row(
            kimg=training.images_shown / 1000,
            lod=phase.lod,
            resolution=phase.resolution,
            minibatch=phase.minibatch,
            learning_rate=phase.learning_rate,
            **means,
            skipped_steps=training.skipped_steps,
            images_per_s=running.images / seconds,
            score_gap=means["score_real"] - means["score_fake"],
            sample_stddev=self.gallery.stddev(),
            s_per_kimg=1000 * seconds / running.images,
        )
        self.history.add(self._alarmed(row), {**others, **self._gradients()})
        self.outlook.learn(self.history.rows, training.images_shown)

    def _alarmed(self, row: Row) -> Row:
        """The row with the names of its alarms; new alarms are logged."""
        params = self.training.params
        rows = [*self.history.rows, row]
        alarms = alarms_in(rows, self.distance, params)
        known = lately(rows[:-1], params)
        for alarm in alarms:
            if alarm.name not in known:
                log.warning("alarm at %g kimg, %s: %s", row.kimg, alarm.name, alarm.text)
        return replace(row, alarms=" ".join(alarm.name for alarm in alarms))

    def _gradients(self) -> dict[str, float]:
        networks = {"generator": self.training.generator, "critic": self.training.critic}
        return {
            f"gradients/{name}/{resolution}px": norm
            for name, gradient in self.training.gradients.items()
            for resolution, norm in norms_by_level(networks[name], gradient).items()
        }
