"""A toy repository: git, DVC and five stages with the names of the real ones."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import yaml

REPOSITORY = Path(__file__).parents[2]
STAGES = ("crawl", "curate", "train", "evaluate", "generate")
START_S = 400.0  # seconds, of Prefect on a busy machine, and of a silent run
GONE_S = 30.0  # seconds until nothing may be at work any more, on a busy machine


def wait_for(true: Callable[[], object]) -> None:
    """Wait until something is true, such as a state of a run."""
    until = time.monotonic() + START_S
    while not true():
        assert time.monotonic() < until
        time.sleep(0.5)


class Toy:
    """The repository in a folder, and how to run things in it."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
            "PYTHONPATH": str(REPOSITORY),
            "PREFECT_HOME": str(home),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "NO_COLOR": "1",
        }

    def set(self, stage: str, **values: object) -> None:
        path = self.folder / "params.yaml"
        params = yaml.safe_load(path.read_text())
        params[stage].update(values)
        path.write_text(yaml.safe_dump(params))

    def ran(self) -> list[str]:
        """The stages that really ran, in order."""
        path = self.folder / "ran.log"
        return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []

    def wait_until_at_work(self, stage: str) -> None:
        until = time.monotonic() + 60
        while stage not in self.ran():
            assert time.monotonic() < until, f"{stage} does not start"
            time.sleep(0.1)

    def wait_until_gone(self) -> None:
        until = time.monotonic() + GONE_S
        while (left := self.processes()) and time.monotonic() < until:
            time.sleep(0.1)
        assert not left

    def start(self, *command: str, **environment: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, **environment: str) -> tuple[int, str]:
        """Status and output of `python -m command`."""
        with self.start(*command, **environment) as process:
            output, _ = process.communicate(timeout=300)
        return process.returncode, output

    def processes(self) -> list[psutil.Process]:
        """Everything but ourselves that is at work in the repository."""
        found = []
        for process in psutil.process_iter():
            if process.pid == os.getpid():
                continue
            try:
                if Path(process.cwd()) == self.folder and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found
