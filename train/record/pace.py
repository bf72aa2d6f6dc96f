"""Estimates how long a run will still take, from the speed of each level so far and of the last minute."""

import statistics
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fashion_pggan.progress import duration
from train.record.log import Row

LOOKS = 512  # samples of the schedule between here and the end
RECENT = 20  # rows of a level that count for its speed
LATELY_S = 60.0  # seconds that count for the speed of now
FIRST_S = 10.0  # seconds at a level before they tell a speed


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
    seconds = sum(amount * _speed_at(level, speeds) for level, amount in kimg.items())
    return Left(seconds, tuple(sorted(kimg.keys() - speeds.keys())))


def _speed_at(level: int, speeds: Mapping[int, float]) -> float:
    """Of a level, or of the highest below it that is measured."""
    return speeds[max((known for known in speeds if known <= level), default=min(speeds))]


class Outlook:
    """The time left at the speed of the last minute.

    Other programs slow all levels down alike: the levels to come take as much longer than usual as this one
    took in the last minute.

    Args:
        total: where the run ends, in images shown.
        resolution_at: the schedule.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        total: int,
        resolution_at: Callable[[int], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total, self.resolution_at, self.clock = total, resolution_at, clock
        self.usual: dict[int, float] = {}  # seconds per thousand images, by resolution
        self.factor = 1.0  # what the last minute took, over the usual
        self.level = 0  # the resolution of the last minute
        self.minute: deque[tuple[float, int]] = deque()  # times and images shown, at this level
        self.to_come: dict[int, float] = {}  # thousand images by resolution, when last counted
        self.counted_at = 0  # images shown

    def learn(self, rows: Sequence[Row], images_shown: int) -> None:
        """Take the usual speeds from the rows so far."""
        self.usual = speeds_of(rows)
        self._count(images_shown)

    def look(self, images_shown: int, resolution: int) -> None:
        """Note where the run stands now; between two looks it trains at `resolution`."""
        if resolution != self.level:
            self.level = resolution
            self.minute.clear()
            self._count(images_shown)
        self.minute.append((self.clock(), images_shown))
        while len(self.minute) > 2 and self.minute[1][0] <= self.minute[-1][0] - LATELY_S:
            self.minute.popleft()
        if (lately := self._lately()) and self.level in self.usual:
            self.factor = lately / self.usual[self.level]

    @property
    def speed(self) -> float | None:
        """Seconds per thousand images now, None before it is known."""
        speeds = self._speeds()
        return _speed_at(self.level, speeds) if speeds else None

    def left(self, images_shown: int) -> Left | None:
        """The time that is left, None before it is known."""
        kimg = dict(self.to_come)
        if kimg:
            here = min((level for level in kimg if level >= self.level), default=max(kimg))
            kimg[here] = max(kimg[here] - (images_shown - self.counted_at) / 1000, 0.0)
        return left_of(kimg, self._speeds())

    def _count(self, images_shown: int) -> None:
        self.to_come = kimg_left(images_shown, self.total, self.resolution_at)
        self.counted_at = images_shown

    def _lately(self) -> float | None:
        if not self.minute:
            return None
        (began, first), (now, last) = self.minute[0], self.minute[-1]
        return 1000 * (now - began) / (last - first) if last > first and now - began >= FIRST_S else None

    def _speeds(self) -> dict[int, float]:
        speeds = {level: speed * self.factor for level, speed in self.usual.items()}
        if lately := self._lately():
            speeds[self.level] = lately
        return speeds
