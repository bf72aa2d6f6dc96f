"""A folder is replaced as a whole, by one process at a time."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.storage import locks
from fashion_pggan.storage.building import LOCK, NEW, OLD, PREFIX, beside, replacing, scratch_folder


class CutError(Exception):
    """Something ends a write half way."""


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def accept(old: Path, called: Path) -> None:
    """What is there may go."""


@contextmanager
def replaced(target: Path) -> Iterator[Path]:
    with beside(target, accept) as folder, replacing(target, folder, accept) as new:
        yield new


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A folder as it was before."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models/old").touch()
    return tmp_path / "models"


@pytest.fixture
def hidden(tmp_path: Path) -> Path:
    """The hidden folder of that one, which is not there yet."""
    return tmp_path / ".models.building"


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path, target: Path) -> None:
    with replaced(target) as new:
        (new / "new").touch()
        assert names(target) == {"old"}
    assert names(target) == {"new"}
    assert names(tmp_path) == {"models"}


def test_a_folder_whose_making_fails_stays_as_it_was(tmp_path: Path, target: Path) -> None:
    with pytest.raises(CutError), replaced(target) as new:  # noqa: PT012
        (new / "new").touch()
        raise CutError
    assert names(target) == {"old"}
    assert names(tmp_path) == {"models"}


def test_an_old_folder_that_is_refused_at_the_last_moment_stays(tmp_path: Path, target: Path) -> None:
    def refuse(old: Path, called: Path) -> None:
        assert called == target
        raise CutError

    with pytest.raises(CutError), beside(target, accept) as folder, replacing(target, folder, refuse) as new:
        (new / "new").touch()
    assert names(target) == {"old"}
    assert names(tmp_path) == {"models"}


def test_what_a_killed_process_was_building_is_removed_by_the_next(tmp_path: Path, target: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from fashion_pggan.storage.building import beside, replacing\n"
        "target = Path(sys.argv[1])\n"
        "with beside(target, print) as folder, replacing(target, folder, print) as new:\n"
        "    (new / 'half').touch(); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(target)], check=False)
    assert done.returncode == -9
    assert names(target) == {"old"}
    assert names(tmp_path / ".models.building") == {LOCK, NEW}
    with replaced(target) as new:
        (new / "whole").touch()
    assert names(target) == {"whole"}
    assert names(tmp_path) == {"models"}


def test_a_kill_between_old_and_new_loses_neither(tmp_path: Path, target: Path, hidden: Path) -> None:
    (hidden / NEW).mkdir(parents=True)
    (hidden / LOCK).write_text("fashion-pggan 4711\n")
    target.rename(hidden / OLD)
    with beside(target, accept):
        assert names(target) == {"old"}
    assert names(tmp_path) == {"models"}


@pytest.mark.parametrize("name", ["photo.jpg", "new/photo.jpg", ".lock"])
def test_a_folder_of_that_name_that_is_not_ours_is_refused_and_stays(
    target: Path, hidden: Path, name: str
) -> None:
    (hidden / name).parent.mkdir(parents=True)
    (hidden / name).write_text("mine")
    with pytest.raises(UserError, match=r"\.models\.building is something that this program did not make"):  # noqa: SIM117
        with beside(target, accept):
            pytest.fail("held")
    assert (hidden / name).read_text() == "mine"


def test_a_link_of_that_name_is_refused(tmp_path: Path, target: Path, hidden: Path) -> None:
    (tmp_path / "photos").mkdir()
    for place in ("photos", "nowhere"):
        hidden.unlink(missing_ok=True)
        hidden.symlink_to(place)
        with pytest.raises(UserError, match="did not make: move it away"), beside(target, accept):
            pytest.fail("held")
    assert names(tmp_path / "photos") == set()


def test_a_foreign_file_beside_a_killed_build_is_not_lost(target: Path, hidden: Path) -> None:
    (hidden / NEW).mkdir(parents=True)
    (hidden / LOCK).write_text("fashion-pggan 4711\n")
    (hidden / "photo.jpg").touch()
    with pytest.raises(UserError, match="did not make: move it away"), beside(target, accept):
        pytest.fail("held")
    assert names(hidden) == {LOCK, NEW, "photo.jpg"}


def test_one_process_at_a_time_makes_a_folder(
    target: Path, hidden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "WAIT_S", 0.0)
    with beside(target, accept) as folder, replacing(target, folder, accept) as new:
        (new / "first").touch()
        with pytest.raises(UserError, match=f"^{target} is in use by process {os.getpid()}: wait"):  # noqa: SIM117
            with beside(target, accept):
                pytest.fail("two make one folder")
        assert names(new) == {"first"}
    assert names(target) == {"first"}
    assert not hidden.exists()


def test_through_a_link_the_folder_itself_is_held(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "WAIT_S", 0.0)
    (tmp_path / "link").symlink_to(target)
    with beside(tmp_path / "link", accept), pytest.raises(UserError, match="in use"), beside(target, accept):
        pytest.fail("two make one folder")


def test_a_new_folder_has_the_permissions_that_the_user_wants(tmp_path: Path) -> None:
    for umask in (0o077, 0o022, 0o002):
        before = os.umask(umask)
        try:
            with replaced(tmp_path / "models"):
                pass
        finally:
            os.umask(before)
        assert (tmp_path / "models").stat().st_mode & 0o777 == 0o777 & ~umask


KILLED = """
import os, signal
from fashion_pggan.storage.building import scratch_folder
with scratch_folder() as folder:
    (folder / "half").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
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
