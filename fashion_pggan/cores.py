"""The processor's cores: how many this process may use, and how many of them others leave to it."""

import os
import sys
from pathlib import Path

import psutil

SPINS = "3000"  # turns of a waiting thread of OpenMP until it sleeps; benchmarks/README.md, threads
LOOK_S = 0.3  # seconds in which other programs are watched
IDLE = 0.9  # share of the cores that must be free to take all of them
OWN_GROUP = Path("/proc/self/cgroup")  # names the control group of this process, on Linux
GROUPS = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """How many cores this process may use: by its affinity, and by the CPU quota of its container."""
    return max(min(len(_numbers()), int(_quota())), 1)


def _numbers() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _quota() -> float:
    """Cores that the control group of this process, and those above it, give (version 2)."""
    names = OWN_GROUP.read_text().splitlines() if OWN_GROUP.is_file() else []
    groups = [GROUPS / name.removeprefix("0::/") for name in names if name.startswith("0::/")]
    return min((_limit(above) for group in groups for above in (group, *group.parents)), default=sys.maxsize)


def _limit(group: Path) -> float:
    """Cores that one control group gives; `cpu.max` holds microseconds of work, and of what time."""
    try:
        work, time = (group / "cpu.max").read_text().split()
        return int(work) / int(time)
    except (OSError, ValueError):  # `max`, or no limit can be set here
        return sys.maxsize


def free_cores() -> int:
    """How many usable cores other programs leave free now, at least one; all on a nearly idle machine.

    Meanwhile this process sleeps.
    """
    return _whole(_busy(LOOK_S))


class FreeCores:
    """How many usable cores other programs left free since the last look; this process counts as none."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self.look()

    def look(self) -> int:
        """As `free_cores` says it, over all the time since the last look, without a wait."""
        return _whole(_busy(None) - self._process.cpu_percent() / 100)


def _busy(seconds: float | None) -> float:
    """How many usable cores are busy for some seconds; None: since the last such question."""
    busy = psutil.cpu_percent(interval=seconds, percpu=True)
    return sum(busy[core] / 100 for core in _numbers() if core < len(busy))


def _whole(busy: float) -> int:
    usable = usable_cores()
    free = len(_numbers()) - max(busy, 0)
    return usable if free >= IDLE * usable else max(round(free), 1)


def one_thread_for_algebra() -> None:
    """Have NumPy compute matrices on one thread, unless the user's environment decides.

    Starting more takes longer than a small matrix. OpenBLAS reads this when NumPy is imported.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def let_threads_sleep() -> None:
    """Have OpenMP's threads sleep soon when they wait, unless the user's environment decides.

    A thread that spins takes a core from the program that it waits for. OpenMP reads this when PyTorch is
    imported.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
