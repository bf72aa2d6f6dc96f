"""The list of a folder that grows says what commands wrote there, and nothing else."""

from pathlib import Path

import pytest

from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.proof.listing import files_listed, listed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with listed(tmp_path / "run"):
        (tmp_path / "run/log.csv").write_text("one")
        (tmp_path / "run/grids").mkdir()
        (tmp_path / "run/grids/1.png").write_bytes(b"grid")
    return tmp_path / "run"


def test_a_command_lists_what_it_writes_and_drops_what_it_removes(folder: Path) -> None:
    with listed(folder):
        assert files_listed(folder) is None
        (folder / "log.csv").write_text("two")
        (folder / "grids/1.png").unlink()
        (folder / "new.npy").touch()
    assert files_listed(folder) == {"log.csv": sha256_of(folder / "log.csv"), "new.npy": ""}


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
    assert files_listed(folder)
    killed = listed(folder)
    killed.__enter__()
    (folder / "half.csv").write_text("half")
    with listed(folder):
        pass
    assert set(files_listed(folder) or {}) == {"grids/1.png", "half.csv", "log.csv"}
