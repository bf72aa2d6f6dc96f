"""How a program begins: before it imports anything that takes time, Ctrl-C ends it without a word."""

import os
import signal
import sys
from types import FrameType


def run(*command: str) -> None:
    """Run `command` with this process's arguments after it, and end the process with its status."""
    ignored = signal.getsignal(signal.SIGINT) is not signal.default_int_handler  # `&` in a script does so
    if not ignored:
        signal.signal(signal.SIGINT, _end)
    from fashion_pggan.command.edge import run_command
    from fashion_pggan.command.line import call
    from fashion_pggan.cores import let_threads_sleep

    def main() -> None:
        if not ignored:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        call(*command, *sys.argv[1:])

    let_threads_sleep()
    run_command(main)


def main() -> None:
    """The console script."""
    run()


def _end(number: int, frame: FrameType | None) -> None:
    """End at once: an exception would be a traceback, and nothing is open yet."""
    os._exit(128 + number)
