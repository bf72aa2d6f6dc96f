"""Trains on the minibatches between two looks at the schedule, and counts the images shown."""

from collections.abc import Callable

import torch

from fashion_pggan.storage.shards import Dataset
from train.growth.schedule import Phase
from train.step import ema
from train.step.data import Batch, Feed
from train.step.trainer import Rates, Trainer, Values

Step = Callable[[Batch, Rates, int, bool], Values]


class InnerLoop:
    """Trains on one minibatch after the other.

    Args:
        trainer: networks and optimizers.
        dataset: the real images.
        step: does what `Trainer.step` does.
    """

    def __init__(self, trainer: Trainer, dataset: Dataset, step: Step) -> None:
        self.trainer, self.params, self.step = trainer, trainer.params, step
        self.feed = Feed(dataset, trainer.params, trainer.ranks)
        self.images_shown = 0
        self.looked_at = 0  # images shown when the schedule was last looked at, or is about to be
        self.stretch: tuple[int, int] | None = None  # of the schedule, see `Phase.stretch`

    @property
    def at_a_look(self) -> bool:
        """Whether the schedule is due; otherwise, the run stopped before."""
        return self.images_shown == self.looked_at

    def advance(
        self, phase: Phase, observe: Callable[[Values, int], None], stops: Callable[[], bool]
    ) -> None:
        """Train on `minibatch_repeats` minibatches of one phase, as published, or on those that are left.

        Args:
            phase: where the schedule stood at the last look.
            observe: takes a step's values and its number of images.
            stops: asked after each step whether to return.
        """
        if phase.stretch != self.stretch:
            self.stretch = phase.stretch
            self.trainer.start_afresh()
        until = self.looked_at + self.params.minibatch_repeats * phase.minibatch
        stopping = False
        while not stopping:
            batch = self.feed.batch_at(self.images_shown, phase)
            values = self.step(batch, self._rates(phase), phase.doublings, phase.fade > 0)
            self.images_shown += phase.minibatch
            if self.images_shown >= until:
                self.looked_at = self.images_shown
            observe(values, phase.minibatch)
            stopping = stops() or self.at_a_look

    def _rates(self, phase: Phase) -> Rates:
        decay = ema.decay_of(self.images_shown, phase.minibatch, self.params)
        numbers = (phase.fade, phase.learning_rate, decay)
        return Rates(*(torch.full((), number, device=self.trainer.ranks.device) for number in numbers))
