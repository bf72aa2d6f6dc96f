"""The adaptive schedule: a transition starts when a level improves no more, and lasts as it took to learn.

The published schedule grows by the clock. Here its durations are the longest ones. Levels below 16 px, where
the sliced Wasserstein distance is not defined, last as long as that.
Why: docs/decisions/0009-adaptive-schedule.md.
"""

import logging
from typing import Any

import torch

from fashion_pggan.distance.in_memory import distance_of
from fashion_pggan.images.grid import as_pixels
from fashion_pggan.params import TrainParams
from fashion_pggan.storage.shards import Dataset
from train.growth.schedule import Phase
from train.model.networks import Generator
from train.model.randomness import latents_of
from train.step.data import indices_at

SMALLEST = 16  # pixels, where the distance can be measured
SHORTEST_FADE = 0.25  # of the longest
AT_ONCE = 32  # images

log = logging.getLogger(__name__)


class Growth:
    """What was measured at the level that stands alone, and the transitions so far.

    Args:
        doublings: from the initial to the final resolution.
        params: the train section.
    """

    def __init__(self, doublings: int, params: TrainParams) -> None:
        self.doublings, self.params = doublings, params
        self.transitions: list[tuple[int, int]] = []  # images shown at the start, and during it
        self.measured: list[tuple[int, float]] = []  # at this level: images shown, distance

    def lod_at(self, images_shown: int) -> float:
        """The level of detail, by the transitions so far."""
        passed = sum(min(max(images_shown - start, 0) / length, 1.0) for start, length in self.transitions)
        return self.doublings - passed

    @property
    def alone_since(self) -> int:
        """The images shown when the present level began to stand alone."""
        return sum(self.transitions[-1]) if self.transitions else 0

    def due(self, images_shown: int) -> bool:
        """Whether to look: alone with a level to come, and the interval or the longest time over."""
        since = self.measured[-1][0] if self.measured else self.alone_since
        grown = len(self.transitions) == self.doublings
        interval_over = images_shown - since >= self.params.adaptive_kimg * 1000
        return not grown and (interval_over or self._longest_over(images_shown))

    def _longest_over(self, images_shown: int) -> bool:
        return images_shown - self.alone_since >= self.params.stabilise_kimg * 1000

    def look(self, images_shown: int, distance: float | None) -> None:
        """Note a distance (None: not measurable), and start a transition if the level improves no more."""
        if distance is not None:
            self.measured.append((images_shown, distance))
        longest = self._longest_over(images_shown)
        if longest or stopped_improving([d for _, d in self.measured], self.params):
            length = self._fade_length()
            reason = "the longest time is over" if longest else "it has stopped to improve"
            log.info("transition at %d images, over %d: %s", images_shown, length, reason)
            self.transitions.append((images_shown, length))
            self.measured = []

    def _fade_length(self) -> int:
        """As many images as the level needed to come near its best distance, within bounds."""
        longest = round(self.params.fade_kimg * 1000)
        if not self.measured:
            return longest
        near = min(d for _, d in self.measured) * (1 + self.params.adaptive_gain)
        learned = next(at for at, distance in self.measured if distance <= near) - self.alone_since
        return min(max(learned, round(longest * SHORTEST_FADE)), longest)

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"transitions": list(self.transitions), "measured": list(self.measured)}

    def restore(self, state: dict[str, Any]) -> None:
        """From a checkpoint."""
        self.transitions = [(start, length) for start, length in state["transitions"]]
        self.measured = [(at, distance) for at, distance in state["measured"]]


def stopped_improving(distances: list[float], params: TrainParams) -> bool:
    """Whether the last `adaptive_patience` looks are not better than all before by `adaptive_gain`."""
    before, last = distances[: -params.adaptive_patience], distances[-params.adaptive_patience :]
    return bool(before) and min(last) > min(before) * (1 - params.adaptive_gain)


@torch.no_grad()
def measure(
    average: Generator, dataset: Dataset, phase: Phase, params: TrainParams, device: torch.device
) -> float | None:
    """The distance at the present resolution, between fixed images and latents; None below 16 px."""
    if phase.resolution < SMALLEST:
        return None
    count = min(params.adaptive_images, len(dataset))
    chosen = indices_at(0, count, len(dataset), params.seed)
    real = dataset.images(chosen, phase.resolution)
    latents = latents_of(params.seed, range(count), params.latent_size).to(device)
    fakes = [as_pixels(average(part, phase.lod)) for part in torch.split(latents, AT_ONCE)]
    fake = torch.cat([torch.from_numpy(part) for part in fakes]).numpy()
    return distance_of(real, fake, seed=params.seed)
