"""A request to stop that waits for the end of a step."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """A request to stop, by SIGTERM or Ctrl-C; the loop checks it between two steps."""

    def __init__(self) -> None:
        self.number = 0

    def __bool__(self) -> bool:
        return self.number != 0

    def obey(self) -> None:
        """Exit with the status that belongs to the signal."""
        sys.exit(128 + self.number)


@contextmanager
def between_steps() -> Iterator[Interruption]:
    """Record the first SIGTERM or Ctrl-C instead of exiting; a second one acts at once."""
    asked = Interruption()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, frame: FrameType | None) -> None:
        asked.number = number
        restore()

    for number in before:
        signal.signal(number, note)
    try:
        yield asked
    finally:
        restore()
