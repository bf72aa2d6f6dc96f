"""A process for one item at a time, owned by a thread of a Dask worker: its death loses that item alone.

A Dask worker runs tasks in its own process, is given up by the scheduler after some deaths, and may have no
children by `multiprocessing`; a plain child that answers over a pipe needs nothing of that.
"""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any

from curate.workers import prepare_worker
from fashion_pggan.errors import UserError

READY = b"ready"
DEATHS = 2  # of one item: the first may be another's fault, such as memory that ran out

mine = threading.local()  # a child per thread


def outcome_of(function: Callable[[Any], Any], item: Any, limit_s: int) -> bytes | None:
    """Call a function in this thread's child.

    Returns:
        (True, what it returned) or (False, what it raised), pickled; None where the child died each time.

    Raises:
        UserError: no child can be started.
    """
    for _ in range(DEATHS):
        if not hasattr(mine, "child") or mine.child.process.poll() is not None:
            mine.child = Child()
        outcome: bytes | None = mine.child.outcome_of(function, item, limit_s)
        if outcome is not None:
            return outcome
    return None


class Child:
    """A process that waits for items.

    Raises:
        UserError: it does not start.
    """

    def __init__(self) -> None:
        self.pipe, theirs = Pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "curate.child", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        theirs.close()  # so that its death ends what is read from the pipe
        try:
            self.pipe.recv_bytes()
        except (EOFError, ConnectionError):
            raise UserError(
                f"no process can be started on {os.uname().nodename} (exit status {self.process.wait()}): "
                "look at what its Dask worker printed"
            ) from None

    def outcome_of(self, function: Callable[[Any], Any], item: Any, limit_s: int) -> bytes | None:
        """As above; None when it died, and is of no more use."""
        try:
            self.pipe.send((function, item, limit_s))
            return self.pipe.recv_bytes()
        except (EOFError, ConnectionError):
            self.pipe.close()
            self.process.wait()
            return None


def answer(pipe: Connection) -> None:
    """Work on what comes until nobody is there to ask."""
    prepare_worker()
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
    answer(Connection(int(sys.argv[1])))
