"""The adaptive schedule: a transition starts when the distance reaches a plateau.

The published schedule grows by the number of images shown. Its durations are upper limits here. A transition
lasts as long as the level took to learn. Levels below 16 px, where the sliced Wasserstein distance is not
defined, last as long as in the published schedule. Why: docs/decisions/0009-adaptive-schedule.md.
"""

from typing import Any

from fashion_pggan.params import TrainParams

SHORTEST_FADE = 0.25  # of the longest


class AdaptiveSchedule:
    """The distances measured at the present level, and the transitions so far.

    Args:
        doublings: from the initial to the final resolution.
        params: the train section.
    """

    def __init__(self, doublings: int, params: TrainParams) -> None:
        self.doublings, self.params = doublings, params
        self.transitions: list[tuple[int, int]] = []  # images shown at the start, and during it
        self.measured: list[tuple[int, float]] = []  # at this level: images shown, distance

    def lod_at(self, images_shown: int) -> float:
        """The level of detail, computed from the transitions so far."""
        passed = sum(min(max(images_shown - start, 0) / length, 1.0) for start, length in self.transitions)
        return self.doublings - passed

    @property
    def alone_since(self) -> int:
        """Images shown when the last transition ended."""
        return sum(self.transitions[-1]) if self.transitions else 0

    def due(self, images_shown: int) -> bool:
        """Whether to measure now: a level is still to come, and the interval or the longest time is over."""
        since = self.measured[-1][0] if self.measured else self.alone_since
        grown = len(self.transitions) == self.doublings
        interval_over = images_shown - since >= self.params.adaptive_kimg * 1000
        return not grown and (interval_over or self._longest_over(images_shown))

    def _longest_over(self, images_shown: int) -> bool:
        return images_shown - self.alone_since >= self.params.stabilise_kimg * 1000

    def note(self, images_shown: int, distance: float | None) -> str | None:
        """Record a distance, and start a transition if the level has stopped improving.

        Args:
            images_shown: so far.
            distance: None where it cannot be measured.

        Returns:
            Why a transition starts; None if none does.
        """
        if distance is not None:
            self.measured.append((images_shown, distance))
        longest = self._longest_over(images_shown)
        if not longest and not stopped_improving([d for _, d in self.measured], self.params):
            return None
        self.transitions.append((images_shown, self._fade_length()))
        self.measured = []
        return "the longest time is over" if longest else "it has stopped improving"

    def _fade_length(self) -> int:
        """As many images as the level needed to come near its best distance, within bounds."""
        longest = round(self.params.fade_kimg * 1000)
        if not self.measured:
            return longest
        near = min(d for _, d in self.measured) * (1 + self.params.adaptive_gain)
        learned = next(at for at, distance in self.measured if distance <= near) - self.alone_since
        return min(max(learned, round(longest * SHORTEST_FADE)), longest)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"transitions": list(self.transitions), "measured": list(self.measured)}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self.transitions = [(start, length) for start, length in state["transitions"]]
        self.measured = [(at, distance) for at, distance in state["measured"]]


def stopped_improving(distances: list[float], params: TrainParams) -> bool:
    """Whether the last `adaptive_patience` distances beat the best before by less than `adaptive_gain`."""
    before, last = distances[: -params.adaptive_patience], distances[-params.adaptive_patience :]
    return bool(before) and min(last) > min(before) * (1 - params.adaptive_gain)
