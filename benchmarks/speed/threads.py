"""`python -m benchmarks.speed.threads`: eager steps on the CPU beside other programs, by how threads wait.

Each way is measured in a process of its own, because OpenMP reads its settings once. The ways take turns at
each load. A load of N is N processes that only count.
"""

import argparse
import multiprocessing
import os
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fashion_pggan.cores import SPINS

CORES = len(os.sched_getaffinity(0))
WAYS = {
    "spinning, PyTorch's default": {},
    "passive": {"OMP_WAIT_POLICY": "passive"},
    **{f"{spins} spins": {"GOMP_SPINCOUNT": spins} for spins in ("1000", SPINS, "10000", "100000")},
    "one thread": {"OMP_NUM_THREADS": "1"},
}
NAMES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_NUM_THREADS")


def images_per_s(data: Path, params: Path, side: int, seconds: float) -> float:
    """The speed of a level's steps in this process."""
    from benchmarks.speed.way import Job, Level  # these import PyTorch, which reads the environment
    from fashion_pggan.params import load_params

    level = Level(Job(data, load_params(params).train, "cpu", None), "eager", side)
    try:
        return level.turn(seconds)
    finally:
        level.close()


def measured(way: dict[str, str], asked: tuple[Path, Path, int, float]) -> float:
    """The same in a new process with a way's environment."""
    before = {name: os.environ.pop(name, None) for name in NAMES}
    os.environ.update(way)
    try:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return pool.apply(images_per_s, asked)
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def count_for_ever() -> None:
    """Keep a core busy."""
    while True:
        pass


@contextmanager
def load(programs: int) -> Iterator[None]:
    """Programs that run beside the measurement."""
    others = [multiprocessing.get_context("spawn").Process(target=count_for_ever) for _ in range(programs)]
    for other in others:
        other.start()
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.join()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.threads", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/curated"), help="a curated dataset")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--side", type=int, default=16, help="pixels of the level")
    parser.add_argument("--loads", type=int, nargs="+", default=[0, 1, 2, 4, 8])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each turn")
    parser.add_argument("--turns", type=int, default=2)
    args = parser.parse_args()
    asked = (args.data, args.params, args.side, args.seconds)
    print(f"images/s at {args.side} px on {CORES} cores, median of {args.turns} turns\n")
    print("| load | " + " | ".join(WAYS) + " |\n|" + "---|" * (len(WAYS) + 1))
    for programs in args.loads:
        with load(programs):
            turns = [[measured(way, asked) for way in WAYS.values()] for _ in range(args.turns)]
        medians = (statistics.median(of_way) for of_way in zip(*turns, strict=True))
        print(f"| {programs} | " + " | ".join(f"{speed:.0f}" for speed in medians) + " |", flush=True)


if __name__ == "__main__":
    main()
