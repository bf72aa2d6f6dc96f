"""The processes of a comparison, one per way; they take turns, so that their ratios mean something.

Each way's memory and time for compiling are its own. A way that fails is told, and the others continue.
"""

import multiprocessing
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

from benchmarks.speed.way import Job, answer

TURNS = 4  # of each way


class WayError(Exception):
    """A way cannot be measured; the text says why."""


@dataclass(frozen=True)
class Speed:
    """One way at one level."""

    level: int  # pixels
    way: str
    images_per_s: float  # the median of the turns
    slowest: float
    fastest: float
    minibatch: int
    first_s: float  # seconds of the first step: compiling, recording, choosing kernels
    waiting: float | None  # share of the time in which the step waited for images
    flops_per_image: float | None
    matrix_rate: float  # operations per second
    peak_gb: float

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Way:
    """A process that trains in one way."""

    def __init__(self, name: str, job: Job) -> None:
        self.name = name
        spawning = multiprocessing.get_context("spawn")  # CUDA does not survive a fork
        self._connection, theirs = spawning.Pipe()
        self._process = spawning.Process(target=answer, args=(theirs, job, name))
        self._process.start()
        theirs.close()

    def ask(self, request: str, value: float | None = None) -> Any:
        """The answer to a request; raises WayError."""
        try:
            self._connection.send((request, value))
            well, found = self._connection.recv()
        except (EOFError, OSError):
            self._process.join()
            raise WayError(f"its process ended with status {self._process.exitcode}") from None
        if not well:
            raise WayError(str(found))
        return found

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(10)
        self._process.kill()
        self._process.join()


class Comparison:
    """Ways of training, side by side."""

    def __init__(self, names: Iterable[str], job: Job) -> None:
        self.ways = [Way(name, job) for name in names]
        self.failed: dict[str, str] = {}  # why, by way

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for way in self.ways:
            way.close()

    def machine(self) -> str:
        """The machine in words."""
        return str(self._each("machine").popitem()[1])

    def speeds(self, side: int, seconds: float) -> list[Speed]:
        """How fast each way trains a level; a way that failed is left out."""
        for way in self.ways:  # one after the other, so that each compiles alone
            self._ask(way, "prepare", side)
        turns: dict[str, list[float]] = {}
        for _ in range(TURNS):
            for name, rate in self._each("turn", seconds).items():
                turns.setdefault(name, []).append(rate)
        return [
            Speed(side, name, statistics.median(turns[name]), min(turns[name]), max(turns[name]), **facts)
            for name, facts in self._each("facts").items()
        ]

    def _each(self, request: str, value: float | None = None) -> dict[str, Any]:
        found = {way.name: self._ask(way, request, value) for way in self.ways}
        return {name: each for name, each in found.items() if name not in self.failed}

    def _ask(self, way: Way, request: str, value: float | None = None) -> Any:
        if way.name in self.failed:
            return None
        try:
            return way.ask(request, value)
        except WayError as error:
            self.failed[way.name] = str(error)
            return None
