"""Broken manifests, tables, archives, recipes and parameters: each is read or refused in one line."""

import subprocess
import sys
from pathlib import Path

FUZZ = Path(__file__).with_name("fuzz_readers.py")


def test_eight_hundred_broken_files():
    words = [sys.executable, FUZZ, "800", "1"]
    done = subprocess.run(words, cwd=FUZZ.parents[3], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "| Parquet |" in done.stdout
