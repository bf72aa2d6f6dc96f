"""A command of a test, run to its end; how often a drill is repeated."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


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


def tries(few: int, all_of_them: int) -> int:
    """How often a drill does its harm: `make drills` sets ALL_TRIES, `make test-slow` does not."""
    return all_of_them if os.environ.get("ALL_TRIES") else few
