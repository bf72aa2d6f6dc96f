"""Runs a function in processes of this machine. One that crashes or exceeds its limits loses one item."""

import multiprocessing
import os
import resource
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache, partial
from typing import Protocol, TypeVar

import cv2

from curate.workers import forking
from fashion_pggan.command.lifetime import end_with

ITEM_LIMIT_S = 60  # seconds for one item
WORKER_LIMIT_BYTES = 6 * 1024**3  # address space of a worker
AT_ONCE = 8  # items in a task: fewer trips between processes
WAITING_PER_WORKER = 3  # tasks handed out ahead

Item = TypeVar("Item")
Result = TypeVar("Result")


class Each(Protocol):
    """Workers: they call a function on each of many items, here or elsewhere."""

    def __call__(
        self, function: Callable[[Item], Result], items: Sequence[Item], *, limit_s: int = ...
    ) -> Iterator[Result | None]:
        """Results in the order of `items`; None where a worker died of one."""


def in_workers(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int,
    limit_s: int = ITEM_LIMIT_S,
) -> Iterator[Result | None]:
    """Call a function on items in worker processes; the processes stay for the next call.

    Args:
        function: of a module, or a partial of one; it and what it returns are pickled.
        items: only a few are handed out at once.
        workers: processes.
        limit_s: seconds for one item; then its worker is ended.

    Yields:
        What the function returns, in the order of `items`; None where the worker died.
    """
    done = 0
    while done < len(items):
        for result in _until_broken(function, items[done:], workers, limit_s, AT_ONCE):
            done += 1
            yield result
        suspected = min(done + workers * WAITING_PER_WORKER * AT_ONCE, len(items))
        while (
            done < suspected
        ):  # one of the items handed out killed a worker: a single worker takes them in turn
            for result in _until_broken(function, items[done:suspected], 1, limit_s, 1):
                done += 1
                yield result
            if done < suspected:  # this item killed it
                done += 1
                yield None


def locally(workers: int) -> Each:
    """Workers: so many processes of this machine."""
    return partial(in_workers, workers=workers)


def _until_broken(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int, limit_s: int, at_once: int
) -> Iterator[Result]:
    """Results in order, until all are done or a worker has died."""
    waiting: deque[Future[list[Result]]] = deque()
    pool = _pool(workers)
    try:
        for start in range(0, len(items), at_once):
            waiting.append(pool.submit(_in_time, function, items[start : start + at_once], limit_s))
            if len(waiting) == WAITING_PER_WORKER * workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except BrokenProcessPool:
        _pool.cache_clear()
        pool.shutdown(wait=True, cancel_futures=True)
    finally:
        for future in waiting:
            future.cancel()


@cache
def _pool(workers: int) -> ProcessPoolExecutor:
    forking.start()
    context = multiprocessing.get_context("forkserver")
    return ProcessPoolExecutor(workers, context, prepare_worker, initargs=(os.getpid(),))


def prepare_worker(owner: int) -> None:
    """Limit this process: memory, time (by SIGALRM), threads. It ends when its owner does."""
    end_with(owner)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # decoders in C print there what the facts say anyway
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the pool
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = WORKER_LIMIT_BYTES if most == resource.RLIM_INFINITY else min(WORKER_LIMIT_BYTES, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def _in_time(function: Callable[[Item], Result], items: Sequence[Item], limit_s: int) -> list[Result]:
    results = []
    for item in items:
        signal.alarm(limit_s)
        try:
            results.append(function(item))
        finally:
            signal.alarm(0)
    return results
