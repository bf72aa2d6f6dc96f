"""Files are whole or absent, whatever happens in between."""

import os
from pathlib import Path

import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import atomic_write, sha256_of, write_bytes, write_text


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


def test_the_hash_is_the_standards(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")  # FIPS 180-4's example
    assert sha256_of(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    for path, says in (
        (Path("/proc/x.json"), "cannot write /proc/x.json"),
        (Path("/proc/1/x/y.json"), "cannot make the folder /proc/1/x"),
        (tmp_path / "file" / "y.json", "cannot make the folder"),
    ):
        with pytest.raises(UserError, match=says):
            write_text(path, "text")


def test_a_folder_is_no_file_to_write(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "..", Path()):
        with pytest.raises(UserError, match="is a folder: give a file"):
            write_text(folder, "text")


@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o002, 0o664)])
def test_files_and_folders_have_the_permissions_that_the_user_wants(
    tmp_path: Path, umask: int, mode: int
) -> None:
    before = os.umask(umask)
    try:
        write_text(tmp_path / "folder/file", "text")
    finally:
        os.umask(before)
    assert (tmp_path / "folder/file").stat().st_mode & 0o777 == mode
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o777 & ~umask
