"""Files are whole or absent, whatever happens in between."""

import errno
import fcntl
import os
from pathlib import Path
from typing import IO

import pytest

from fashion_pggan.errors import UserError, file_error
from fashion_pggan.storage import files
from fashion_pggan.storage.files import (
    atomic_write,
    file_fault,
    hold_once,
    naming,
    remove_left_over,
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


def test_the_hash_is_the_standards(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")  # FIPS 180-4's example
    assert sha256_of(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_has_no_end_is_not_hashed(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "image.jpg"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(UserError, match=r"image\.jpg is not a plain file: move it away"):
        sha256_of(path)
    assert file_fault(path, "0" * 64) == f"{path} is not a plain file: move it away"


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    for path, says in (
        (Path("/proc/x.json"), "cannot write /proc/x.json"),
        (Path("/proc/1/x/y.json"), "cannot make the folder /proc/1/x"),
        (tmp_path / "file" / "y.json", "cannot make the folder"),
    ):
        with pytest.raises(UserError, match=says):
            write_text(path, "text")


def test_a_full_disk_is_named_with_the_file_and_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "checkpoint.pt"
    write_bytes(path, b"old")
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_bytes(path, b"x" * 2500)
    said = file_error(caught.value)
    assert said.startswith(
        f"cannot write: No space left on device ({path}, 2.5 KB to write): remove the cause"
    )
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == {path.name}
    hidden = str(tmp_path / ".checkpoint.pt.0123abcd.pggan")
    with pytest.raises(OSError, match="inodes") as caught, naming(path):
        raise OSError(errno.ENOSPC, "no more inodes", hidden)
    assert caught.value.filename == str(path)
    with pytest.raises(OSError, match="reading") as caught, naming(path):
        raise OSError(errno.EIO, "reading another file")
    assert caught.value.filename is None


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


def test_what_killed_processes_were_writing_goes_and_what_a_living_one_writes_stays(tmp_path: Path) -> None:
    theirs = [".report.json.20261127", ".report.json.0123abcd.pggan.bak", ".other.json.0123abcd.pggan"]
    for name in (*theirs, ".report.json.0123abcd.pggan"):
        (tmp_path / name).touch()
    (tmp_path / ".report.json.01234567.pggan").symlink_to(tmp_path / theirs[0])
    with atomic_write(tmp_path / "report.json") as file:
        file.write(b"new")
        remove_left_over(tmp_path, "report.json")
    assert (tmp_path / "report.json").read_bytes() == b"new"
    assert names(tmp_path) == {*theirs, ".report.json.01234567.pggan", "report.json"}
    remove_left_over(tmp_path)
    assert names(tmp_path) == {*theirs[:2], ".report.json.01234567.pggan", "report.json"}


def test_a_neighbour_that_was_taken_for_left_over_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, taken = fcntl.flock, []

    def late(file: IO[bytes], how: int) -> None:
        if not taken:
            taken.append(Path(file.name))
            taken[0].unlink()
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    write_text(tmp_path / "report.json", "new")
    assert taken
    assert names(tmp_path) == {"report.json"}


def test_only_equal_plain_files_that_may_change_become_one(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("output", "equal", "other", "longer", "link")]
    for path, data in zip(paths[:4], (b"bytes", b"bytes", b"bites", b"bytes!"), strict=True):
        path.write_bytes(data)
    output, equal, other, longer, link = paths
    link.symlink_to(equal)
    for target in (other, longer, link, output, tmp_path / "missing"):
        assert hold_once(output, target) == 0
    assert hold_once(output, equal, sha256_of(other)) == hold_once(link, output) == 0
    output.chmod(0o444)  # as DVC leaves a link into its cache
    assert hold_once(output, equal) == 0
    output.chmod(0o644)
    assert hold_once(output, equal) == 5
    assert output.samefile(equal)
    assert hold_once(output, equal) == 0
    equal.unlink()
    equal.write_bytes(b"bytes")
    (tmp_path / "elsewhere").hardlink_to(equal)
    assert hold_once(output, equal) == 0  # it is linked, and another name holds its bytes
    assert output.samefile(equal)
    assert names(tmp_path) == {"output", "equal", "other", "longer", "link", "elsewhere"}
