"""One process at a time holds a folder, and nothing of others is written to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.storage.locks import LOCK, exclusive, holder_of, is_lock


def test_a_folder_in_use_names_the_process_and_is_free_when_that_ends(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from fashion_pggan.storage.locks import exclusive\n"
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
    assert list(tmp_path.iterdir()) == []


def test_two_in_one_process_exclude_each_other_too(tmp_path: Path) -> None:
    with exclusive(tmp_path), pytest.raises(UserError, match=f"in use by process {os.getpid()}: wait"):  # noqa: SIM117
        with exclusive(tmp_path, wait_s=0):
            pytest.fail("two hold one folder")


def test_the_error_names_what_people_know(tmp_path: Path) -> None:
    with exclusive(tmp_path), pytest.raises(UserError, match=r"^models is in use by process"):  # noqa: SIM117
        with exclusive(tmp_path, called=Path("models"), wait_s=0):
            pytest.fail("two hold one folder")


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("123")
    (tmp_path / "store").mkdir()
    for place in (tmp_path / "thesis.txt", tmp_path / "not there"):
        (tmp_path / "store" / LOCK).unlink(missing_ok=True)
        (tmp_path / "store" / LOCK).symlink_to(place)
        with pytest.raises(UserError, match="is not a lock of this program: move it away"):  # noqa: SIM117
            with exclusive(tmp_path / "store", wait_s=0):
                pytest.fail("held")
        assert holder_of(tmp_path / "store") is None
    assert (tmp_path / "thesis.txt").read_text() == "123"
    assert not (tmp_path / "not there").exists()


@pytest.mark.parametrize("text", ["door keys", "123 apples", "1" * 100])
def test_a_lock_of_another_program_keeps_its_text(tmp_path: Path, text: str) -> None:
    (tmp_path / LOCK).write_text(text)
    with pytest.raises(UserError, match="is not a lock of this program"), exclusive(tmp_path, wait_s=0):
        pytest.fail("held")
    assert (tmp_path / LOCK).read_text() == text
    assert not is_lock(tmp_path / LOCK)


def test_a_lock_that_is_a_folder_or_a_pipe_is_none(tmp_path: Path) -> None:
    (tmp_path / "a" / LOCK).mkdir(parents=True)
    (tmp_path / "b").mkdir()
    os.mkfifo(tmp_path / "b" / LOCK)
    for folder in (tmp_path / "a", tmp_path / "b"):
        with pytest.raises(UserError, match="is not a lock of this program"), exclusive(folder, wait_s=0):
            pytest.fail("held")


@pytest.mark.parametrize("text", ["", "4711", "fashion-pggan 4711\n"])
def test_a_lock_that_an_ended_process_left_is_taken(tmp_path: Path, text: str) -> None:
    (tmp_path / LOCK).write_text(text)
    assert is_lock(tmp_path / LOCK)
    with exclusive(tmp_path, wait_s=0):
        assert (tmp_path / LOCK).read_text() == f"fashion-pggan {os.getpid()}\n"


def test_a_lock_that_its_holder_has_removed_holds_nobody(tmp_path: Path) -> None:
    with exclusive(tmp_path):
        (tmp_path / LOCK).unlink()
        with exclusive(tmp_path, wait_s=0):
            assert holder_of(tmp_path) == os.getpid()


@pytest.mark.parametrize("left", [b"", bytes(21), b"fashion-pggan 123\n" + bytes(3)])
def test_a_lock_that_lost_its_bytes_in_a_power_cut_can_be_taken(tmp_path, left):
    (tmp_path / ".lock").write_bytes(left)
    with exclusive(tmp_path, wait_s=0):
        assert holder_of(tmp_path) == os.getpid()
