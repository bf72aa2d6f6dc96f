"""Temporary folders: gone at the end, and after a kill with the next command."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fashion_pggan.storage.locks import LOCK
from fashion_pggan.storage.scratch import PREFIX, scratch_folder

KILLED = """
import os, signal
from fashion_pggan.storage.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "half").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_next_command_removes_what_a_killed_one_left(temporary: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED], check=False)
    [left] = temporary.iterdir()
    assert (left / "half").exists()
    with scratch_folder() as first, scratch_folder() as second:
        assert set(temporary.iterdir()) == {first, second}  # one in use stays
        assert first.stat().st_mode & 0o077 == 0
    assert not list(temporary.iterdir())


def test_folders_of_others_stay(temporary: Path) -> None:
    mine, place = temporary / "mine", temporary / "place"
    for folder in (mine, place):
        folder.mkdir()
    (place / LOCK).touch()
    mine.rename(temporary / f"{PREFIX}photos")
    (temporary / f"{PREFIX}link").symlink_to(place)
    with scratch_folder():
        pass
    assert {path.name for path in temporary.iterdir()} == {f"{PREFIX}photos", f"{PREFIX}link", "place"}
    assert (place / LOCK).exists()
