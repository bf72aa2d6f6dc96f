"""Intervals of a run, in images and in seconds."""

import time
from types import TracebackType
from typing import Self


class EveryKimg:
    """Due whenever a run passes a multiple of an interval, wherever it started.

    Args:
        kimg: the interval, in thousand images.
        images_shown: where the run stands.
    """

    def __init__(self, kimg: float, images_shown: int) -> None:
        self.kimg = kimg
        self.number = self._number(images_shown)

    def passed(self, images_shown: int) -> bool:
        """Whether a multiple was passed since the last question."""
        before, self.number = self.number, self._number(images_shown)
        return self.number > before

    def _number(self, images_shown: int) -> float:
        return images_shown // (self.kimg * 1000)


class EverySeconds:
    """Due when an interval of the wall clock has passed since its last start."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.begin()

    def begin(self) -> None:
        """Start the interval again."""
        self.began = time.monotonic()

    def over(self) -> bool:
        """Whether it is over."""
        return time.monotonic() - self.began >= self.seconds


class Stopwatch:
    """A context that adds up the seconds spent inside it."""

    def __init__(self) -> None:
        self._before = 0.0
        self._began: float | None = None  # None: it is stopped

    @property
    def seconds(self) -> float:
        """The sum so far."""
        return self._before + (0.0 if self._began is None else time.monotonic() - self._began)

    @seconds.setter
    def seconds(self, before: float) -> None:
        self._before = before

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop counting until it is entered again."""
        self._before, self._began = self.seconds, None
