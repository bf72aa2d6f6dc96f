"""Runs a function on the workers of a Dask cluster (docs/how-to/dask-cluster.md)."""

import logging
import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from curate.workers.local import ITEM_LIMIT_S, Each
from curate.workers.task import Task
from fashion_pggan.errors import PassingError, UserError, install_hint, one_line

if TYPE_CHECKING:
    from distributed import Client, Future

AT_ONCE = 16  # items in a task: at 1024 pixels their levels are 67 MB
WAITING_PER_THREAD = 3  # tasks handed out ahead
CONNECT_S = 5  # seconds in which a scheduler answers
WORKER_S = 30  # seconds in which it has a worker
LOOK_S = 30  # seconds between two looks at whether there are workers left

Item = TypeVar("Item")
Result = TypeVar("Result")


def on_cluster(address: str) -> Each:
    """The workers of a cluster.

    Args:
        address: of the scheduler, tcp://host:port.

    Raises:
        UserError: Dask is not installed here, or the address is wrong.
        PassingError: no scheduler or no worker answers.
    """
    with _connected(address):
        return partial(in_cluster, address=address)


def in_cluster(
    function: Callable[[Item], Result], items: Sequence[Item], *, address: str, limit_s: int = ITEM_LIMIT_S
) -> Iterator[Result | None]:
    """Call a function on items; Dask repeats the tasks of a machine that is lost.

    Args:
        function: of a module, or a partial of one; it and what it returns are pickled.
        items: few of them are handed out at once; files among them are read on the workers.
        address: of the scheduler.
        limit_s: seconds for one item; then its process is ended.

    Yields:
        What the function returns, in the order of `items`; None where its process died.

    Raises:
        UserError: the workers have another program or none, or cannot read a file.
        PassingError: the cluster is lost.
    """
    if not items:
        return
    with _connected(address) as client:
        waiting: deque[Future] = deque()
        for start in range(0, len(items), AT_ONCE):
            task = pickle.dumps(Task(function, items[start : start + AT_ONCE], limit_s))
            waiting.append(client.submit(pickle.loads, task, pure=False))
            if len(waiting) >= WAITING_PER_THREAD * max(sum(client.nthreads().values()), 1):
                yield from _results(_awaited(waiting.popleft(), client, address), address)
        while waiting:
            yield from _results(_awaited(waiting.popleft(), client, address), address)


@contextmanager
def _connected(address: str) -> "Iterator[Client]":
    """A client of a cluster that has a worker."""
    client, lost = _client_of(address)
    with client:
        _await_worker(client, address)
        try:
            yield client
        except lost as error:
            raise PassingError(
                f"the Dask scheduler at {address} was lost: start it again and run the same command; "
                "finished images are kept"
            ) from error


def _client_of(address: str) -> "tuple[Client, tuple[type[BaseException], ...]]":
    """A client, and the errors that say that the scheduler was lost."""
    try:
        from distributed import Client
        from distributed.comm.core import CommClosedError
    except ImportError as error:
        raise UserError(
            f"curate.cluster {address} needs Dask ({error}): run {install_hint('cluster')}"
        ) from error
    # The errors below say what its log would say at length.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False, direct_to_workers=True)
    except ValueError as error:
        raise UserError(f"curate.cluster {address}: {error}: give tcp://HOST:PORT") from error
    except OSError as error:
        raise PassingError(
            f"no Dask scheduler answers at {address} (curate.cluster): start one (dask scheduler), correct "
            "the address, or leave it empty to work here"
        ) from error
    return client, (CancelledError, CommClosedError)


def _await_worker(client: "Client", address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=WORKER_S)
    except TimeoutError:
        raise PassingError(
            f"the Dask scheduler at {address} has no workers: start some (dask worker {address}) and run the "
            "same command; finished images are kept"
        ) from None


def _awaited(future: "Future", client: "Client", address: str) -> list[bytes | None]:
    """What a task returned."""
    from distributed import KilledWorker

    while True:
        try:
            outcomes: list[bytes | None] = future.result(timeout=LOOK_S)
            return outcomes
        except TimeoutError:
            _await_worker(client, address)
        except KilledWorker as error:
            raise PassingError(
                f"workers of the Dask cluster {address} died one after another in the same task: look at "
                "what they printed, then run the same command; finished images are kept"
            ) from error
        except ImportError as error:
            raise UserError(
                f"a machine of the Dask cluster {address} cannot load this program ({one_line(error)}): "
                "install the same commit on every machine with pip install -c constraints.txt"
            ) from error


def _results(outcomes: Sequence[bytes | None], address: str) -> Iterator[Any]:
    for outcome in outcomes:
        fine: bool
        result: Any
        fine, result = (True, None) if outcome is None else pickle.loads(outcome)
        if isinstance(result, FileNotFoundError):
            raise UserError(
                f"a worker of the Dask cluster {address} cannot read a file ({one_line(result)}): give a "
                "folder that every machine has at the same path, or an address such as s3://bucket/folder"
            ) from result
        if not fine:
            raise result
        yield result
