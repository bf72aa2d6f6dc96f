"""The processor's cores: how many this process may use, and how many of them others leave to it."""

import os

import psutil

SPINS = "3000"  # turns of a waiting thread of OpenMP until it sleeps; benchmarks/README.md, threads
LOOK_S = 0.3  # seconds in which other programs are watched
IDLE = 0.9  # share of the cores that must be free to take all of them


def usable_cores() -> list[int]:
    """The numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


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
    return sum(busy[core] / 100 for core in usable_cores() if core < len(busy))


def _whole(busy: float) -> int:
    usable = len(usable_cores())
    free = usable - max(busy, 0)
    return usable if free >= IDLE * usable else max(round(free), 1)


def let_threads_sleep() -> None:
    """Have OpenMP's threads sleep soon when they wait, unless the user's environment decides.

    A thread that spins takes a core from the program that it waits for. OpenMP reads this when PyTorch is
    imported.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
