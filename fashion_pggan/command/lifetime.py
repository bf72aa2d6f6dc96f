"""A process that we start ends when its starter ends, even when that was killed.

Nothing tells a child that its parent was killed, so each child looks at intervals. It must know its starter
before the starter can die: our processes name themselves in the environment of the processes they start. DVC,
torchrun and Prefect do not, but each marks that environment: the nearest ancestor without the mark is the
starter, or the process that adopted the orphan.

A process ends at once, unless it has something to save: then it is asked by SIGTERM first.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import FrameType

import psutil

OWNER = "FASHION_PGGAN_OWNER"  # in the environment: the process to end with
MARKS = ("DVC_STAGE", "TORCHELASTIC_RUN_ID", "PREFECT__FLOW_RUN_ID")
STARTERS = ("python", "pypy", "dvc")  # programs that start others; one that adopts orphans has another name
SHELLS = ("sh", "bash", "dash", "ash", "busybox", "zsh", "ksh", "mksh", "fish", "tcsh", "csh")
LOOK_S = 0.2  # seconds between two looks

_graces: list[float] = []  # seconds to save in, of the work that is being done


@contextmanager
def time_to_save(seconds: float) -> Iterator[None]:
    """Meanwhile, if the starter ends, this process gets SIGTERM, and is killed only `seconds` later."""
    _graces.append(seconds)
    try:
        yield
    finally:
        _graces.remove(seconds)


@contextmanager
def when_asked_to_stop(act: Callable[[int, FrameType | None], None], grace_s: float) -> Iterator[None]:
    """Meanwhile SIGTERM, SIGHUP and Ctrl-C call `act`; those that are ignored, as nohup has it, stay so.

    Args:
        act: takes the number of the signal, and the frame it came in.
        grace_s: seconds to save in once the starter of this process has ended.
    """
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    found = {number: signal.getsignal(number) for number in numbers}
    before = {number: handler for number, handler in found.items() if handler is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, act)
    try:
        with time_to_save(grace_s):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stopping_children(grace_s: float) -> Iterator[list[int]]:
    """Meanwhile SIGTERM, SIGHUP and Ctrl-C stop the children, and this process waits for their end.

    A shell ends before the command that it runs, so the command is asked, too, and waited for. A signal that
    finds no child acts LOOK_S later: a child that had the same signal may just have ended, and DVC, when
    interrupted while it records that, leaves half a record.

    Args:
        grace_s: seconds that they have when the starter of this process has ended.

    Yields:
        The numbers of the signals that came.
    """
    came: list[int] = []
    asked: set[psutil.Process] = set()

    def pass_on(number: int, frame: FrameType | None) -> None:
        children = _children_of(psutil.Process())
        asked.update(children)
        if not asked:
            if number in came:
                raise KeyboardInterrupt
            later = threading.Timer(LOOK_S, os.kill, (os.getpid(), number))
            later.daemon = True
            later.start()
        came.append(number)
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.terminate()

    with when_asked_to_stop(pass_on, grace_s):
        try:
            yield came
        finally:
            psutil.wait_procs(asked, timeout=grace_s)


def _children_of(process: psutil.Process) -> list[psutil.Process]:
    """The children of a process, and those of the shells among them."""
    found = []
    with suppress(psutil.NoSuchProcess):
        for child in process.children():
            found += [child, *(_children_of(child) if child.name() in SHELLS else ())]
    return found


def owned() -> dict[str, str]:
    """This environment, for a process that must end when this one does."""
    return {**os.environ, OWNER: str(os.getpid())}


@cache
def end_with_starter() -> None:
    """End this process within a second of its starter's end, if the starter left a mark.

    Within `time_to_save` it has longer.
    """
    try:
        starters = [
            int(os.environ.get(OWNER, "0")),
            *(_starter(mark) for mark in MARKS if mark in os.environ),
        ]
        if owners := [pid for pid in starters if pid]:
            end_with(*owners)
    except psutil.NoSuchProcess:
        _end()


def end_with(*pids: int) -> None:
    """End this process within a second of the end of any of `pids`, which may have ended already."""
    try:
        others = [psutil.Process(pid) for pid in pids]
    except psutil.NoSuchProcess:
        _end()
    else:
        threading.Thread(target=_watch, args=[others], daemon=True, name="end-with-starter").start()


def _starter(mark: str) -> int:
    """The process that set a mark; 0: it is outside this container, or it is this process.

    Raises:
        NoSuchProcess: it has ended.
    """
    pid = os.getpid()
    while mark in _environment(pid):
        pid = psutil.Process(pid).ppid()
        if not pid:
            return 0
    name = Path((psutil.Process(pid).cmdline() or [""])[0]).name.lower()
    if not name.startswith(STARTERS):
        raise psutil.NoSuchProcess(pid)
    return pid if pid != os.getpid() else 0


def _environment(pid: int) -> dict[str, str]:
    with suppress(psutil.AccessDenied):  # of another user, who started nothing here
        return psutil.Process(pid).environ()
    return {}


def _watch(others: Iterable[psutil.Process]) -> None:
    with suppress(psutil.NoSuchProcess):
        while all(other.is_running() and other.status() != psutil.STATUS_ZOMBIE for other in others):
            time.sleep(LOOK_S)
    _end()


def _end() -> None:
    """Kill this process, after its time to save, and its group if it leads one."""
    if _graces:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(max(_graces))
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
