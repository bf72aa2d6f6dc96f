"""Stops a run at the end of a step, when a signal asks for it."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from fashion_pggan.command.lifetime import when_asked_to_stop
from train.processes.ranks import Ranks, largest_of

SAME_S = 1.0  # seconds within which two Ctrl-C count as one: a terminal and torchrun both send it


class Interruption:
    """A request to stop, by SIGTERM, SIGHUP or Ctrl-C; the loop checks it after each step.

    Args:
        ranks: the processes that stop together.
    """

    def __init__(self, ranks: Ranks) -> None:
        self.ranks = ranks
        self.number = 0  # of the signal that came here
        self.agreed = 0  # of the signal after which all processes stop

    def __bool__(self) -> bool:
        return self.agreed != 0

    def look(self) -> bool:
        """Whether any process was asked to stop; all of them must ask at the same step."""
        self.agreed = self.agreed or largest_of(self.number, self.ranks)
        return bool(self)

    def obey(self) -> None:
        """Exit with the status that belongs to the signal."""
        sys.exit(128 + self.agreed)


@contextmanager
def between_steps(ranks: Ranks, grace_s: float) -> Iterator[Interruption]:
    """Record SIGTERM, SIGHUP, Ctrl-C or the end of the starter instead of exiting.

    A further SIGTERM changes nothing: schedulers, torchrun and a group of processes send several. A second
    Ctrl-C acts at once.

    Args:
        ranks: the processes that stop together.
        grace_s: seconds left to save after the process that started this one has ended.
    """
    asked = Interruption(ranks)
    since = time.monotonic()

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal since
        again = asked.number == number == signal.SIGINT and time.monotonic() - since > SAME_S
        if again:
            raise KeyboardInterrupt
        if not asked.number:
            since, asked.number = time.monotonic(), number

    with when_asked_to_stop(note, grace_s):
        yield asked
