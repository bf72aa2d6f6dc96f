"""The list of a folder that grows says what commands wrote there, and nothing else."""

from pathlib import Path

import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.locks import exclusive
from fashion_pggan.storage.proof.listing import (
    LIST,
    Listed,
    changed_in,
    files_listed,
    listed,
    take_off_missing,
)
from fashion_pggan.storage.targets import Kind, check_target, replace_target


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with listed(tmp_path / "run"):
        (tmp_path / "run/log.csv").write_text("one")
        (tmp_path / "run/grids").mkdir()
        (tmp_path / "run/grids/1.png").write_bytes(b"grid")
    return tmp_path / "run"


def test_a_command_lists_what_it_writes_and_drops_what_it_removes(folder: Path) -> None:
    with listed(folder):
        assert files_listed(folder) == Listed({}, is_open=True)
        (folder / "log.csv").write_text("two")
        (folder / "grids/1.png").unlink()
        (folder / "new.npy").touch()
    assert files_listed(folder).files == {"log.csv": sha256_of(folder / "log.csv"), "new.npy": ""}


def test_what_a_killed_command_was_writing_goes_when_the_next_one_begins(folder: Path) -> None:
    left = [folder / ".log.csv.0123abcd.pggan", folder / "grids/.1.png.0123abcd.pggan"]
    others = [folder / ".log.csv.20261127", folder / ".hidden/.1.png.0123abcd.pggan"]
    for path in (*left, *others):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    with listed(folder):
        assert [path for path in (*left, *others) if path.exists()] == others


def test_a_file_damaged_or_added_before_a_command_is_not_listed_as_written_by_it(
    folder: Path,
) -> None:
    before = files_listed(folder)
    (folder / "grids/1.png").write_bytes(b"grip")
    (folder / "thesis.txt").write_text("of the user")
    with listed(folder):
        (folder / "log.csv").write_text("one")
    assert files_listed(folder) == before


def test_after_a_killed_command_what_is_there_is_listed(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt), listed(folder):
        raise KeyboardInterrupt
    assert files_listed(folder).files
    killed = listed(folder)
    killed.__enter__()
    (folder / "half.csv").write_text("half")
    with listed(folder):
        pass
    assert set(files_listed(folder).files) == {"grids/1.png", "half.csv", "log.csv"}


@pytest.mark.parametrize("killed", [False, True])
def test_a_missing_file_stays_on_the_list_and_every_command_says_so(
    folder: Path, killed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    sha256 = files_listed(folder).files["grids/1.png"]
    (folder / "grids/1.png").unlink()
    command = listed(folder)
    if killed:
        command.__enter__()
        assert files_listed(folder) == Listed({"grids/1.png": sha256}, is_open=True)
    with listed(folder):
        pass
    assert files_listed(folder).files.keys() == {"grids/1.png", "log.csv"}
    assert f"{folder} has lost grids/1.png since a command wrote there" in caplog.text
    assert f"fashion-pggan verify --accept-missing {folder}" in caplog.text


def test_a_missing_file_that_a_command_writes_again_is_not_lost(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "grids/1.png").unlink()
    with listed(folder):
        (folder / "grids/1.png").write_bytes(b"drawn again")
    assert files_listed(folder).files["grids/1.png"] == sha256_of(folder / "grids/1.png")
    assert "has lost" not in caplog.text


def test_an_accepted_loss_is_taken_off_the_list_but_not_while_a_command_writes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fashion_pggan.storage.locks.WAIT_S", 0.0)
    (folder / "grids/1.png").unlink()
    with exclusive(folder), pytest.raises(UserError, match="is in use by process"):
        take_off_missing(folder)
    assert take_off_missing(folder) == ["grids/1.png"]
    assert files_listed(folder) == Listed({"log.csv": sha256_of(folder / "log.csv")})
    assert take_off_missing(folder) == []


def test_a_damaged_list_begins_anew_and_says_so(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / LIST).write_text((folder / LIST).read_text().replace("log", "lag"))
    with listed(folder):
        pass
    assert f"{folder / LIST} is damaged" in caplog.text
    assert files_listed(folder).files.keys() == {"grids/1.png", "log.csv"}


def test_listed_files_that_have_changed_are_found_by_their_ending(folder: Path) -> None:
    assert changed_in(folder, ".png") == set()
    (folder / "grids/1.png").write_bytes(b"grip")
    (folder / "log.csv").write_text("two")
    assert changed_in(folder, ".png") == {"grids/1.png"}
    (folder / LIST).unlink()
    assert changed_in(folder, ".png") == set()


def test_a_folder_that_is_replaced_as_a_whole_takes_no_list(tmp_path: Path) -> None:
    kind = Kind("trained models")
    with replace_target(tmp_path / "models", kind) as new:
        (new / "notes.txt").touch()
    for place in (tmp_path / "models", tmp_path / "models/known"):
        with (
            pytest.raises(UserError, match="models, which is replaced as a whole: give a place"),
            listed(place),
        ):
            pytest.fail("listed")
    check_target(tmp_path / "models", kind, [])
