"""Broken files by the thousand: each is an image or refused, none takes long, none comes out partly grey."""

import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).with_name("fuzz.py")


def fuzz(count, seed):
    return subprocess.run(
        [sys.executable, FUZZ, str(count), str(seed)],
        cwd=FUZZ.parents[3],
        capture_output=True,
        text=True,
        timeout=500,
    )


def test_three_thousand_broken_files():
    done = fuzz(3_000, 1)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "image" in done.stdout


@pytest.mark.slow
def test_thirty_thousand_broken_files():
    done = fuzz(30_000, 2)
    assert done.returncode == 0, done.stderr[-2000:]
