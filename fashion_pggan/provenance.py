"""On which machine a number was made, as reports say it."""

import os
import platform
from pathlib import Path

CPU_FACTS = Path("/proc/cpuinfo")  # Linux; elsewhere the platform module knows


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
