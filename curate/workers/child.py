"""A process for one item at a time, owned by a thread of a Dask worker. If it dies, one item is lost.

A Dask worker runs tasks in its own process, and the scheduler gives it up after a few crashes. It cannot have
`multiprocessing` children. So a plain child process does the work and answers over a pipe.
"""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any

from curate.workers.local import prepare_worker
from fashion_pggan.errors import UserError

READY = b"ready"
TRIM = "MALLOC_TRIM_THRESHOLD_"  # Dask sets it for its workers; it makes images a quarter slower
DEATHS = 2  # deaths after which an item is lost: the first may have another cause, such as full memory

mine = threading.local()  # a child per thread


def outcomes_of(function: Callable[[Any], Any], items: Sequence[Any], limit_s: int) -> list[bytes | None]:
    """Call a function on items in this thread's child.

    Returns:
        For each item (True, what was returned) or (False, what was raised), pickled; None where the child
        died each time.

    Raises:
        UserError: no child can be started.
    """
    outcomes: list[bytes | None] = []
    deaths = 0
    while len(outcomes) < len(items):
        if not hasattr(mine, "child") or mine.child.process.poll() is not None:
            mine.child = Child()
        before = len(outcomes)
        outcomes += mine.child.outcomes_of(function, items[before:], limit_s)
        if len(outcomes) < len(items):  # the next item killed it
            deaths = deaths + 1 if len(outcomes) == before else 1
            if deaths == DEATHS:
                outcomes.append(None)
                deaths = 0
    return outcomes


class Child:
    """A process that waits for items.

    Raises:
        UserError: it does not start.
    """

    def __init__(self) -> None:
        self.pipe, theirs = Pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "curate.workers.child", str(theirs.fileno()), str(os.getpid())],
            pass_fds=[theirs.fileno()],
            env={name: value for name, value in os.environ.items() if name != TRIM}
            | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        theirs.close()  # otherwise reading would not end when the child dies
        try:
            self.pipe.recv_bytes()
        except (EOFError, ConnectionError):
            raise UserError(
                f"no process can be started on {os.uname().nodename} (exit status {self.process.wait()}): "
                "look at what its Dask worker printed"
            ) from None

    def outcomes_of(
        self, function: Callable[[Any], Any], items: Sequence[Any], limit_s: int
    ) -> Iterator[bytes]:
        """Outcomes until the child dies. The next item is sent ahead, so the child never waits."""
        try:
            for place, item in enumerate(items):
                self.pipe.send((function, item, limit_s))
                if place:
                    yield self.pipe.recv_bytes()
            yield self.pipe.recv_bytes()
        except (EOFError, ConnectionError):
            self.pipe.close()
            self.process.wait()


def answer(pipe: Connection, owner: int) -> None:
    """Work on items until the other end of the pipe is closed."""
    prepare_worker(owner)
    pipe.send_bytes(READY)
    with suppress(EOFError, ConnectionError):
        while True:
            function, item, limit_s = pipe.recv()
            pipe.send_bytes(_outcome(function, item, limit_s))


def _outcome(function: Callable[[Any], Any], item: Any, limit_s: int) -> bytes:
    signal.alarm(limit_s)
    try:
        return pickle.dumps((True, function(item)))
    except Exception as error:
        return pickle.dumps((False, error))  # raised again where it was asked for
    finally:
        signal.alarm(0)


if __name__ == "__main__":
    answer(Connection(int(sys.argv[1])), int(sys.argv[2]))
