"""A command of a test, run to its end."""

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
