"""A process that we start ends when its starter does, however that came.

Nobody tells a child that its parent was killed, so each child looks. It must know whose end to look for
before that one can die: a process of ours names itself in the environment of what it starts. DVC, torchrun
and Prefect name nobody, but each marks the environment of what it starts: the nearest ancestor without the
mark is the starter, or whoever took the orphan over.
"""

import os
import signal
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil

OWNER = "FASHION_PGGAN_OWNER"  # in the environment: the process to end with
MARKS = ("DVC_STAGE", "TORCHELASTIC_RUN_ID", "PREFECT__FLOW_RUN_ID")
STARTERS = ("python", "pypy", "dvc")  # what these three run as; what adopts orphans, such as init, does not
LOOK_S = 0.2  # seconds between two looks


def owned() -> dict[str, str]:
    """This environment, for a process that must end with this one."""
    return {**os.environ, OWNER: str(os.getpid())}


@cache
def end_with_starter() -> None:
    """End this process within a second of the end of the one that started it, if that one left a sign."""
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
    """End this process within a second of the end of any of `pids`, even if it came before."""
    try:
        others = [psutil.Process(pid) for pid in pids]
    except psutil.NoSuchProcess:
        _end()
    else:
        threading.Thread(target=_watch, args=[others], daemon=True, name="end-with-starter").start()


def _starter(mark: str) -> int:
    """The process that set a mark; 0: it is outside of this container, or this very process.

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
    """Kill this process; one that leads a group takes the group along."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
