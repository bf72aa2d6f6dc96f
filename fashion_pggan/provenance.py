"""Which program on which machine made a number: what reports and snapshots say of where they come from."""

import os
import platform
import subprocess
from pathlib import Path

CPU_FACTS = Path("/proc/cpuinfo")  # Linux; elsewhere the platform module knows


def git_commit() -> str:
    """The program's commit, with `-dirty` behind it when files differ from it; `unknown` outside git."""
    try:
        answer = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.strip()


def cores() -> str:
    """This machine's processor, as `2 x name of the processor`; no name of the machine."""
    return f"{os.cpu_count() or 1} x {_processor()}"


def _processor() -> str:
    try:
        lines = CPU_FACTS.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(filter(None, names), "") or platform.processor() or platform.machine() or "unknown processor"
