"""Progress a person can read: a bar with rate and remaining time on a terminal, plain lines in a log."""

import logging
import sys
import time
from types import TracebackType
from typing import NoReturn, Self

from tqdm import tqdm

LINE_EVERY_S = 15.0  # seconds between two lines in a log

log = logging.getLogger(__name__)


def duration(seconds: float) -> str:
    """A length of time in its two largest units, such as `2 h 5 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class Progress:
    """Counts towards a total; use as a context manager.

    Args:
        label: what is being done, one or two words.
        total: how many units there are in all; None when unknown.
        unit: what is counted, in the plural.
        start: how many a resumed run had done before.
        says_left: whether to estimate the remaining time by the rate so far; otherwise the note says it.
    """

    def __init__(
        self, label: str, total: int | None, unit: str, *, start: int = 0, says_left: bool = True
    ) -> None:
        self.label, self.total, self.unit = label, total, unit
        self.start = self.done = start
        self.began = self.last_line = time.monotonic()
        self.note, self.says_left = "", says_left
        self.bar = self._bar() if sys.stderr.isatty() else None

    def expect(self, total: int | None) -> None:
        """Correct the total when the amount of work becomes known."""
        self.total = total
        if self.bar is not None:
            self.bar.total = total

    def advance(self, count: int = 1, note: str = "") -> None:
        """Count `count` more; `note` is shown after the numbers."""
        self.done += count
        self.note = note or self.note
        if self.bar is not None:
            self.bar.set_postfix_str(self.note, refresh=False)
            self.bar.update(count)
        elif time.monotonic() - self.last_line >= LINE_EVERY_S:
            self._line()

    def _bar(self) -> "tqdm[NoReturn]":
        times = "{elapsed}<{remaining}" if self.says_left else "{elapsed}"
        return tqdm(
            desc=self.label,
            total=self.total,
            unit=f" {self.unit}",
            initial=self.start,
            dynamic_ncols=True,
            smoothing=0.1,
            bar_format="{l_bar}{bar}| {n_fmt}/{total_fmt} [" + times + ", {rate_fmt}{postfix}]",
        )

    def _line(self) -> None:
        self.last_line = time.monotonic()
        elapsed_s = self.last_line - self.began
        rate = (self.done - self.start) / elapsed_s if elapsed_s > 0 else 0.0
        speed = f", {rate:.1f}/s" if self.done > self.start else ""
        of_total = f"/{self.total}" if self.total else ""
        left = (
            f", {tqdm.format_interval((self.total - self.done) / rate)} left"
            if self.says_left and self.total and rate > 0 and self.done < self.total
            else ""
        )
        note = f" ({self.note})" if self.note else ""
        log.info("%s: %d%s %s%s%s%s", self.label, self.done, of_total, self.unit, speed, left, note)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.close()
        elif kind is None:
            self._line()
