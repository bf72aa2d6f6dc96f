"""A request to stop that waits for the end of a step."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """What SIGTERM or Ctrl-C leaves behind, to be looked at between two steps."""

    def __init__(self) -> None:
        self.number = 0

    def __bool__(self) -> bool:
        return self.number != 0

    def obey(self) -> None:
        """End the process with the status of the signal that came."""
        sys.exit(128 + self.number)


@contextmanager
def between_steps() -> Iterator[Interruption]:
    """Note the first SIGTERM or Ctrl-C instead of dying of it; the second acts at once, as before."""
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
