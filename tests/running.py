"""A command of a test, run to its end; a process that must end; how often a drill is repeated."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil


def output_of(
    command: Sequence[str], folder: Path, *, status: int = 0, environment: Mapping[str, str] | None = None
) -> str:
    """What a command prints in a folder, errors included; it must end with `status`."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == status, done.stdout
    return done.stdout


def ended(process: psutil.Process, within_s: float = 30.0) -> bool:
    """Whether a process, which need not be a child, ends in time; one that nobody waits for has ended."""
    until = time.monotonic() + within_s
    with suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
    return True


def tries(few: int, all_of_them: int) -> int:
    """How often a drill does its harm: `make drills` sets ALL_TRIES, `make test-slow` does not."""
    return all_of_them if os.environ.get("ALL_TRIES") else few
