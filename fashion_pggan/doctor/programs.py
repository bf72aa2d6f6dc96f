"""Other programs' answers: short, within a time, and none when they fail."""

import subprocess
from collections.abc import Sequence

ANSWER_S = 60.0  # seconds a program may take, on a busy machine


def answer_of(command: Sequence[str]) -> str | None:
    """What a program prints, without blanks at its ends; None: it is not installed, fails or hangs."""
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ANSWER_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return ended.stdout.decode(errors="replace").strip()
