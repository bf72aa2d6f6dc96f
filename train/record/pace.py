"""Estimates how long a run will still take, from the speed of each level so far."""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fashion_pggan.progress import duration
from train.record.log import Row

LOOKS = 512  # samples of the schedule between here and the end
RECENT = 20  # rows of a level that count for its speed


@dataclass(frozen=True)
class Left:
    """The time that is left."""

    seconds: float
    unmeasured: tuple[int, ...]  # resolutions whose speed is not known: `seconds` is then too low

    def __str__(self) -> str:
        """Text for people; "at least", because levels to come are slower by an unknown factor."""
        return f"{'at least ' if self.unmeasured else ''}{duration(self.seconds)} left"


def speeds_of(rows: Sequence[Row]) -> dict[int, float]:
    """Seconds per thousand images by resolution: the median of its newest rows."""
    by_level: dict[int, list[float]] = {}
    for row in rows:
        by_level.setdefault(row.resolution, []).append(row.s_per_kimg)
    return {level: statistics.median(speeds[-RECENT:]) for level, speeds in by_level.items()}


def kimg_left(
    images_shown: int, total: int, resolution_at: Callable[[int], int], looks: int = LOOKS
) -> dict[int, float]:
    """Thousand images to come at each resolution, to a precision of one part in `looks`.

    Args:
        images_shown: where the run stands.
        total: where it ends, in images shown.
        resolution_at: the schedule, as a function of images shown.
        looks: how many times to call it.
    """
    step = max(total - images_shown, 0) / looks
    asked = Counter(resolution_at(round(images_shown + (place + 0.5) * step)) for place in range(looks))
    return {level: count * step / 1000 for level, count in asked.items()} if step else {}


def left_of(kimg: Mapping[int, float], speeds: Mapping[int, float]) -> Left | None:
    """The time left, or None before any level is measured.

    A level that is not measured gets the speed of the highest one below it, so the result is a lower bound.
    """
    if not speeds:
        return None
    seconds = sum(
        amount * speeds[max((known for known in speeds if known <= level), default=min(speeds))]
        for level, amount in kimg.items()
    )
    return Left(seconds, tuple(sorted(kimg.keys() - speeds.keys())))


class Outlook:
    """The time left: an estimate at each row, less the images shown since.

    Args:
        total: where the run ends, in images shown.
        resolution_at: the schedule.
    """

    def __init__(self, total: int, resolution_at: Callable[[int], int]) -> None:
        self.total, self.resolution_at = total, resolution_at
        self.learned_at = 0
        self.estimate: Left | None = None
        self.speed = math.nan  # seconds per thousand images at the highest level measured

    def learn(self, rows: Sequence[Row], images_shown: int) -> None:
        """Update the estimate from the rows so far."""
        speeds = speeds_of(rows)
        self.learned_at = images_shown
        self.estimate = left_of(kimg_left(images_shown, self.total, self.resolution_at), speeds)
        self.speed = speeds[max(speeds)] if speeds else math.nan

    def left(self, images_shown: int) -> Left | None:
        """The time that is left, None before it is known."""
        if self.estimate is None:
            return None
        since = (images_shown - self.learned_at) / 1000 * self.speed
        return replace(self.estimate, seconds=max(self.estimate.seconds - since, 0.0))
