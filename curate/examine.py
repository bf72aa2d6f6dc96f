"""One picture from file to facts and levels, in worker processes whose death loses that picture alone."""

import multiprocessing
import resource
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import cv2

from curate.crop import ground_of, square_of
from curate.decode import Refused, decode, open_picture
from curate.facts import Row, row_of, seen_in
from curate.judge import Reason, judge_row, too_many_pixels
from curate.levels import levels_of
from curate.measure import Pixels
from fashion_pggan.command import end_with_parent
from fashion_pggan.params import CurateParams

PICTURE_LIMIT_S = 60  # seconds for one picture
WORKER_LIMIT_BYTES = 6 * 1024**3  # address space of a worker
WAITING_PER_WORKER = 8  # pictures handed out ahead


@dataclass(frozen=True)
class Examined:
    """What came of a picture: its facts but for its SHA-256, and its levels where they are wanted."""

    facts: Row
    levels: dict[int, Pixels] | None = None


def examine(path: Path, params: CurateParams) -> Examined:
    """Decode and measure the picture in a file; crop and reduce it when nothing speaks against its use."""
    data = path.read_bytes()
    header = None
    try:
        opened = open_picture(data)
        header = opened.header
        if too_many_pixels(header, params):
            return Examined(row_of(len(data), Reason.TOO_MANY_PIXELS, header))
        if header.animated:
            return Examined(row_of(len(data), Reason.ANIMATED, header))
        pixels, profile_ignored = decode(opened)
    except Refused as refused:
        return Examined(row_of(len(data), refused.reason, header))
    facts = row_of(len(data), "", header) | seen_in(pixels, profile_ignored=profile_ignored)
    if judge_row(facts, params):
        return Examined(facts)
    square = square_of(facts, params)
    return Examined(facts, levels_of(square.of(pixels, ground_of(facts)), params.resolution))


def died(path: Path) -> Examined:
    """What is said of a picture whose worker died."""
    return Examined(row_of(path.stat().st_size, Reason.DECODER_DIED, None))


def examine_all(
    paths: Sequence[Path], params: CurateParams, workers: int, *, limit_s: int = PICTURE_LIMIT_S
) -> Iterator[Examined]:
    """Examine pictures in worker processes.

    Args:
        paths: files.
        params: the curate section.
        workers: processes.
        limit_s: seconds for one picture, after which its worker is ended.

    Yields:
        Results in the order of `paths`; few are held at once.
    """
    done = 0
    while done < len(paths):
        for result in _until_broken(paths[done:], params, workers, limit_s):
            done += 1
            yield result
        if done < len(paths):  # a worker died: one of the pictures handed out did it; find it alone
            for path in paths[done : done + WAITING_PER_WORKER * workers]:
                yield next(_until_broken([path], params, 1, limit_s), died(path))
                done += 1


def _until_broken(
    paths: Sequence[Path], params: CurateParams, workers: int, limit_s: int
) -> Iterator[Examined]:
    """Results in order, until all are done or a worker has died."""
    context = multiprocessing.get_context("spawn")
    remaining = iter(paths)
    waiting: deque[Future[Examined]] = deque()
    with ProcessPoolExecutor(min(workers, len(paths)), context, _prepare_worker) as pool:
        try:
            for path in remaining:
                waiting.append(pool.submit(_examine_in_time, path, params, limit_s))
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
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the pool
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = WORKER_LIMIT_BYTES if most == resource.RLIM_INFINITY else min(WORKER_LIMIT_BYTES, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def _examine_in_time(path: Path, params: CurateParams, limit_s: int) -> Examined:
    signal.alarm(limit_s)
    try:
        return examine(path, params)
    finally:
        signal.alarm(0)
