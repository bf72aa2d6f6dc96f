"""The minibatches between two looks at the schedule, and how many images have been shown."""

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
        self.stretch: tuple[int, int] | None = None  # of the schedule, see `Phase.stretch`

    def advance(self, phase: Phase, observe: Callable[[Values, int], None]) -> None:
        """Train on `minibatch_repeats` minibatches of one phase, as published.

        Args:
            phase: where the schedule stands.
            observe: takes a step's values and its number of images.
        """
        if phase.stretch != self.stretch:
            self.stretch = phase.stretch
            self.trainer.start_afresh()
        for _ in range(self.params.minibatch_repeats):
            batch = self.feed.batch_at(self.images_shown, phase)
            values = self.step(batch, self._rates(phase), phase.doublings, phase.fade > 0)
            self.images_shown += phase.minibatch
            observe(values, phase.minibatch)

    def _rates(self, phase: Phase) -> Rates:
        decay = ema.decay_of(self.images_shown, phase.minibatch, self.params)
        numbers = (phase.fade, phase.learning_rate, decay)
        return Rates(*(torch.full((), number, device=self.trainer.ranks.device) for number in numbers))
