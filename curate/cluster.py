"""Items in the processes of many machines: a Dask cluster in the place of this machine's workers.

Each Dask worker stands for a machine and has processes of its own (`curate.workers`), so that memory, time
and the death of one picture are bounded there exactly as here. docs/cluster.md says how to start one.
"""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from curate.workers import ITEM_LIMIT_S, Each, in_workers
from fashion_pggan.errors import PassingError, UserError

if TYPE_CHECKING:
    from distributed import Client, Future

INSTALL = "pip install -c constraints.txt -e '.[cluster]'"
CONNECT_S = 10  # seconds, until the scheduler and a worker must have answered
AT_ONCE = 64  # items in a task of a machine
WAITING_PER_MACHINE = 2  # tasks handed out ahead

Item = TypeVar("Item")
Result = TypeVar("Result")


def on_cluster(address: str, program: Callable[[], str]) -> Each:
    """Items on the machines of a cluster, whose program must be this one.

    Args:
        address: of the scheduler, tcp://host:port.
        program: a name for what the program is, asked here and on every machine.

    Raises:
        UserError: Dask is not installed here, or the program there is another or none.
        PassingError: no scheduler or no worker answers.
    """
    with _connected(address) as client:
        _check(client, address, program)
    return partial(in_cluster, address=address)


def in_cluster(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    address: str,
    limit_s: int = ITEM_LIMIT_S,
) -> Iterator[Result | None]:
    """Call a function on items on the machines of a cluster; for the rest see `curate.workers.in_workers`.

    Raises:
        PassingError: the cluster is lost.
    """
    if not items:
        return
    with _connected(address) as client:
        most = WAITING_PER_MACHINE * max(len(client.scheduler_info()["workers"]), 1)
        waiting: deque[Future[list[Result | None]]] = deque()
        try:
            for start in range(0, len(items), AT_ONCE):
                task = items[start : start + AT_ONCE]
                waiting.append(client.submit(_on_machine, function, task, limit_s, pure=False))
                if len(waiting) == most:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        except _lost() as error:
            raise PassingError(
                f"the cluster at {address} was lost ({type(error).__name__}): start its workers again and "
                "run the same command; what was finished is kept"
            ) from error
        finally:
            client.cancel(list(waiting))


def _on_machine(
    function: Callable[[Item], Result], items: Sequence[Item], limit_s: int
) -> list[Result | None]:
    return list(in_workers(function, items, workers=os.cpu_count() or 1, limit_s=limit_s))


def _connected(address: str) -> "Client":
    try:
        from distributed import Client
    except ImportError:
        raise UserError(f"curate.cluster needs Dask: {INSTALL}") from None
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
        client.wait_for_workers(1, timeout=CONNECT_S)
    except ValueError as error:  # the address is none
        raise UserError(f"curate.cluster {address}: {error}: give tcp://HOST:PORT") from error
    except (OSError, TimeoutError) as error:
        raise PassingError(
            f"no Dask cluster answers at {address}: start `dask scheduler` and `dask worker --no-nanny` "
            "(docs/cluster.md), or empty curate.cluster"
        ) from error
    return client


def _check(client: "Client", address: str, program: Callable[[], str]) -> None:
    here = program()
    for worker, answer in client.run(program, on_error="return").items():
        if answer != here:
            what = str(answer) if isinstance(answer, Exception) else "another version"
            raise UserError(
                f"the worker {worker} of {address} does not run this program ({what}): install the same "
                "commit with the same constraints.txt there"
            )
    daemons = client.run(_is_daemon)
    if any(daemons.values()):
        worker = next(name for name, daemon in daemons.items() if daemon)
        raise UserError(
            f"the worker {worker} of {address} may not start processes: start it by `dask worker --no-nanny`"
        )


def _is_daemon() -> bool:
    return multiprocessing.current_process().daemon


def _lost() -> tuple[type[Exception], ...]:
    from concurrent.futures import CancelledError

    from distributed import KilledWorker
    from distributed.comm import CommClosedError

    return KilledWorker, CommClosedError, CancelledError, TimeoutError
