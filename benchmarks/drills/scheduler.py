"""A scheduler that stops a job and starts it again, as SLURM and Kubernetes do.

`python -m benchmarks.drills.scheduler --stops 20 --of first -- COMMAND ...` stops a training whenever its log
has a new row, lets it end at last, and says what each stop lost.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import uuid4

import psutil

from fashion_pggan.command.edge import run_command
from fashion_pggan.errors import UserError

MARK = "FASHION_PGGAN_JOB"
LOOK_S = 0.02  # seconds between two looks
STARTS_S = 300.0  # seconds in which a start must get on
RUNS = Path("runs/train")

Of = Literal["all", "first", "alone"]


@dataclass(frozen=True)
class Stop:
    """What a stop left."""

    logged: int  # images shown at the last row of the log
    saved: int  # images shown at the newest checkpoint
    seconds: float
    killed: int  # processes that the grace period was too short for

    @property
    def lost(self) -> bool:
        """Whether something that was trained is not saved."""
        return self.saved < self.logged or self.killed > 0


class Job:
    """A command and all that it starts.

    Args:
        command: its words.
        folder: where it runs.
        of: who gets SIGTERM. `all`: every process, as SLURM does; `first`: the first one alone, as in a
            container of Kubernetes, whose other processes are killed as soon as the first one has ended;
            `alone`: the first one, as `kill` does, and the others may end by themselves.
        grace_s: seconds until SIGKILL.
        environment: this one by default.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        of: Of,
        grace_s: float,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.of, self.grace_s, self.mark = of, grace_s, uuid4().hex
        self._said = folder / "runs/job.log"
        self._said.parent.mkdir(exist_ok=True)
        with self._said.open("w") as said:
            self.first = subprocess.Popen(
                command,
                cwd=folder,
                env={**environment, MARK: self.mark},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def end(self) -> str:
        """How it ended, and the last that it said."""
        lines = self._said.read_text(errors="replace").splitlines()
        return f"status {self.first.poll()}: {' | '.join(line for line in lines[-6:] if line)}"

    def alive(self) -> Iterator[psutil.Process]:
        """Its processes."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == self.mark:
                    yield process

    def stop(self) -> int:
        """Ask for the end, wait, kill.

        Returns:
            The number of processes that were killed.
        """
        asked: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            first = psutil.Process(self.first.pid)
            asked = [*(first.children(recursive=True) if self.of == "all" else ()), first]
        for process in asked:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGTERM)
        until = time.monotonic() + self.grace_s
        while (left := list(self.alive())) and time.monotonic() < until:
            if self.of == "first" and self.first.poll() is not None:
                break
            self.first.poll()
            time.sleep(LOOK_S)
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.first.wait()
        return len(left)


def stop_often(
    command: Sequence[str],
    folder: Path,
    stops: int,
    *,
    of: Of = "all",
    grace_s: float = 30.0,
    environment: Mapping[str, str] = os.environ,
) -> Iterator[Stop]:
    """Start a training again and again, and stop it whenever its log has a new row; then let it end.

    Raises:
        UserError: it ended, or logged nothing, before it was stopped so often; or did not end well.
    """
    for number in range(stops):
        before, job = _logged(folder), Job(command, folder, of, grace_s, environment)
        if not _logs_more(folder, before, job):
            job.stop()
            raise UserError(
                f"no new row before stop {number + 1} of {stops}: if it is done, raise train.total_kimg; "
                f"it ended with {job.end()}"
            )
        began = time.monotonic()
        killed = job.stop()
        yield Stop(_logged(folder), _saved(folder), time.monotonic() - began, killed)
    job = Job(command, folder, of, grace_s, environment)
    if job.first.wait():
        raise UserError(f"the training failed after {stops} stops with {job.end()}")


def _logs_more(folder: Path, before: int, job: Job) -> bool:
    """Wait for a further row; whether one came."""
    until = time.monotonic() + STARTS_S
    while time.monotonic() < until and job.first.poll() is None:
        if _logged(folder) > before:
            return True
        time.sleep(LOOK_S)
    return False


def _logged(folder: Path) -> int:
    logs = [path.read_text().splitlines()[1:] for path in (folder / RUNS).glob("*/training.csv")]
    return max((round(1000 * float(row.partition(",")[0])) for rows in logs for row in rows), default=0)


def _saved(folder: Path) -> int:
    checkpoints = (folder / RUNS).glob("*/checkpoint-*.pt")
    return max((int(path.stem.removeprefix("checkpoint-")) for path in checkpoints), default=0)


def main() -> None:
    """Stop a command as often as it is said, and print each stop."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drills.scheduler", description=__doc__)
    parser.add_argument("command", nargs="+", help="such as dvc repro")
    parser.add_argument("--stops", type=int, default=20)
    parser.add_argument("--of", choices=("all", "first", "alone"), default="all", help="who gets SIGTERM")
    parser.add_argument("--grace-s", type=float, default=30.0, help="seconds until SIGKILL")
    given = parser.parse_args()
    lost = 0
    for stop in stop_often(given.command, Path.cwd(), given.stops, of=given.of, grace_s=given.grace_s):
        print(
            f"logged {stop.logged}, saved {stop.saved}, {stop.seconds:.1f} s, {stop.killed} killed",
            flush=True,
        )
        lost += stop.lost
    sys.exit(f"error: {lost} of {given.stops} stops lost what was trained" if lost else 0)


if __name__ == "__main__":
    run_command(main)
