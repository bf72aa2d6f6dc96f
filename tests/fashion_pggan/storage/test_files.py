"""Files are whole or absent, whatever happens in between."""

import subprocess
import sys
from pathlib import Path

import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import (
    atomic_write,
    exclusive,
    holder_of,
    replace_directory,
    sha256_of,
    write_bytes,
    write_text,
)


class CutError(Exception):
    """Something ends a write half way."""


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_text(path, "old")
    with pytest.raises(CutError), atomic_write(path) as file:  # noqa: PT012
        file.write(b"ne")
        raise CutError
    assert path.read_text() == "old"
    assert names(tmp_path) == {"report.json"}


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "report.json"
    write_bytes(path, b"old")
    with atomic_write(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "models"
    target.mkdir()
    (target / "old").touch()
    with replace_directory(target) as building:
        (building / "new").touch()
        assert names(target) == {"old"}
    assert names(target) == {"new"}
    assert names(tmp_path) == {"models"}


def test_a_folder_whose_making_fails_stays_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "models"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(CutError), replace_directory(target) as building:  # noqa: PT012
        (building / "new").touch()
        raise CutError
    assert names(target) == {"old"}
    assert names(tmp_path) == {"models"}


def test_what_a_killed_process_was_building_is_removed_by_the_next(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from fashion_pggan.storage.files import replace_directory\n"
        "with replace_directory(Path(sys.argv[1])) as building:\n"
        "    (building / 'half').touch(); os.kill(os.getpid(), 9)"
    )
    target = tmp_path / "models"
    done = subprocess.run([sys.executable, "-c", script, str(target)], check=False)
    assert done.returncode == -9
    assert not target.exists()
    assert len(names(tmp_path)) == 1
    with replace_directory(target) as building:
        (building / "whole").touch()
    assert names(tmp_path) == {"models"}


def test_the_hash_is_the_standards(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")  # FIPS 180-4's example
    assert sha256_of(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_folder_in_use_names_the_process_and_is_free_when_that_ends(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from fashion_pggan.storage.files import exclusive\n"
        "with exclusive(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    assert holder_of(tmp_path) is None
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        assert holder_of(tmp_path) == owner.pid
        with pytest.raises(UserError, match=f"in use by process {owner.pid}: wait"):  # noqa: SIM117
            with exclusive(tmp_path, wait_s=0.3):
                pytest.fail("two hold one folder")
        owner.kill()
    with exclusive(tmp_path, wait_s=5):
        pass
    assert holder_of(tmp_path) is None


def test_asking_who_holds_a_folder_makes_nothing_in_it(tmp_path: Path) -> None:
    assert holder_of(tmp_path) is None
    assert holder_of(tmp_path / "nowhere") is None
    assert names(tmp_path) == set()


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    for path, says in (
        (Path("/proc/x.json"), "cannot write /proc/x.json"),
        (Path("/proc/1/x/y.json"), "cannot make the folder /proc/1/x"),
        (tmp_path / "file" / "y.json", "cannot make the folder"),
    ):
        with pytest.raises(UserError, match=says):
            write_text(path, "text")
