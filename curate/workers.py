"""Items one by one in processes whose death, by memory, time or a decoder's fault, loses one item alone."""

import multiprocessing
import os
import resource
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

import cv2

from fashion_pggan.command import end_with_parent

ITEM_LIMIT_S = 60  # seconds for one item
WORKER_LIMIT_BYTES = 6 * 1024**3  # address space of a worker
WAITING_PER_WORKER = 8  # items handed out ahead

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_workers(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int, *, limit_s: int = ITEM_LIMIT_S
) -> Iterator[Result | None]:
    """Call a function on items in worker processes.

    Args:
        function: of a module, or a partial of one; it and what it returns are pickled.
        items: few of them are handed out at once.
        workers: processes.
        limit_s: seconds for one item, after which its worker is ended.

    Yields:
        What the function returns, in the order of `items`; None where the worker died.
    """
    done = 0
    while done < len(items):
        for result in _until_broken(function, items[done:], workers, limit_s):
            done += 1
            yield result
        if done < len(items):  # a worker died: one of the items handed out did it; find it alone
            for item in items[done : done + WAITING_PER_WORKER * workers]:
                yield next(_until_broken(function, [item], 1, limit_s), None)
                done += 1


def _until_broken(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int, limit_s: int
) -> Iterator[Result]:
    """Results in order, until all are done or a worker has died."""
    context = multiprocessing.get_context("spawn")
    waiting: deque[Future[Result]] = deque()
    with ProcessPoolExecutor(min(workers, len(items)), context, _prepare_worker) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(_in_time, function, item, limit_s))
                if len(waiting) == WAITING_PER_WORKER * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            return
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _prepare_worker() -> None:
    end_with_parent()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # decoders in C say on it what is in the facts already
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the pool
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = WORKER_LIMIT_BYTES if most == resource.RLIM_INFINITY else min(WORKER_LIMIT_BYTES, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def _in_time(function: Callable[[Item], Result], item: Item, limit_s: int) -> Result:
    signal.alarm(limit_s)
    try:
        return function(item)
    finally:
        signal.alarm(0)
