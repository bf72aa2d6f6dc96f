"""A file is read before it is called damaged, and read again whenever its state has changed."""

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fashion_pggan.storage import hashes
from fashion_pggan.storage.hashes import FILE, HashMemory, hash_memory, hashed_json, values_of
from fashion_pggan.storage.seal import DamagedError

DATA = b"an image"
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read, in order."""
    seen: list[Path] = []
    real = hashes.sha256_of

    def counted(path: Path) -> str:
        seen.append(path)
        return real(path)

    monkeypatch.setattr(hashes, "sha256_of", counted)
    monkeypatch.setattr(hashes, "YOUNG_NS", -(10**18))  # every file counts as old
    return seen


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "image.jpg"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[HashMemory]:
    with hash_memory(tmp_path / "cache") as opened:
        yield opened


def test_a_file_that_stays_is_read_once(reads: list[Path], file: Path, tmp_path: Path) -> None:
    for _ in range(3):
        with hash_memory(tmp_path / "cache") as memory:
            assert memory.matches(file, SHA256)
    assert reads == [file]


def test_bytes_that_change_under_a_kept_size_and_time_are_noticed(
    reads: list[Path], file: Path, memory: HashMemory
) -> None:
    assert memory.matches(file, SHA256)
    before = file.stat()
    time.sleep(0.02)  # a tick of the clock of files
    file.write_bytes(b"another!")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert not memory.matches(file, SHA256)
    assert len(reads) == 2


def test_a_file_that_was_just_written_is_not_remembered(
    reads: list[Path], file: Path, memory: HashMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashes, "YOUNG_NS", 10**18)
    assert memory.matches(file, SHA256)
    assert memory.matches(file, SHA256)
    assert len(reads) == 2


def test_a_damaged_file_is_read_each_time(reads: list[Path], file: Path, memory: HashMemory) -> None:
    for _ in range(2):
        assert not memory.matches(file, "0" * 64)
    assert len(reads) == 2


def test_a_wrong_memory_calls_no_good_file_damaged(reads: list[Path], file: Path, memory: HashMemory) -> None:
    assert memory.matches(file, SHA256)
    assert memory._database is not None
    memory._database.execute("UPDATE hashes SET sha256 = 'x'")
    assert memory.matches(file, SHA256)
    assert len(reads) == 2


def test_a_damaged_memory_is_made_anew(reads: list[Path], file: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / FILE).write_bytes(b"no database at all" * 100)
    for _ in range(2):
        with hash_memory(tmp_path / "cache") as memory:
            assert memory.matches(file, SHA256)
    assert reads == [file]


def test_where_nothing_can_be_remembered_files_are_read(
    reads: list[Path], file: Path, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file")
    for _ in range(2):
        with hash_memory(tmp_path / "cache") as memory:
            assert memory.matches(file, SHA256)
    assert len(reads) == 2


def test_two_processes_share_the_memory(reads: list[Path], file: Path, tmp_path: Path) -> None:
    with hash_memory(tmp_path / "cache") as one, hash_memory(tmp_path / "cache") as other:
        assert one.matches(file, SHA256)
        assert other.matches(file, SHA256)
    assert reads == [file]


def test_a_missing_file_is_an_error(memory: HashMemory, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        memory.matches(tmp_path / "missing", SHA256)


def test_a_name_that_is_no_text_is_read(tmp_path: Path, memory: HashMemory) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    path.write_bytes(DATA)
    assert memory.matches(path, SHA256)


def test_the_memory_lies_in_the_cache_folder_of_the_user(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with hash_memory() as memory:
        assert memory.matches(file, SHA256)
    assert (tmp_path / "cache" / "fashion-pggan" / FILE).is_file()


VALUES = {"images": 9, "distance": 1.25, "levels": {"16": [1.0, None]}}


def test_values_come_back():
    assert values_of(hashed_json(VALUES)) == VALUES


def test_every_changed_digit_is_noticed():
    text = hashed_json(VALUES)
    for place, character in enumerate(text):
        if character.isdigit():
            with pytest.raises(DamagedError):
                values_of(text[:place] + str((int(character) + 1) % 10) + text[place + 1 :])


def test_a_file_of_a_former_version_has_no_hash():
    assert values_of('{"images": 9}', always=False) == {"images": 9}
    with pytest.raises(DamagedError):
        values_of('{"images": 9}')


@pytest.mark.parametrize("text", ["", "[]", "9", "{"])
def test_what_is_no_object_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        values_of(text)


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE TABLE hashes (path TEXT)",
        "CREATE TABLE other (path TEXT); CREATE INDEX hashes ON other (path)",
        "CREATE VIEW hashes AS SELECT 1 AS path",
    ],
)
def test_another_database_in_its_place_is_replaced(
    reads: list[Path], file: Path, tmp_path: Path, schema: str
) -> None:
    (tmp_path / "cache").mkdir()
    with closing(sqlite3.connect(tmp_path / "cache" / FILE)) as foreign:
        foreign.executescript(schema)
    for _ in range(2):
        with hash_memory(tmp_path / "cache") as memory:
            assert memory.matches(file, SHA256)
    assert reads == [file]


def test_a_memory_that_is_damaged_inside_is_made_again(reads: list[Path], file: Path, tmp_path: Path) -> None:
    with hash_memory(tmp_path / "cache") as memory:
        assert memory.matches(file, SHA256)
    path = tmp_path / "cache" / FILE
    data = path.read_bytes()
    path.write_bytes(data[:4096] + bytes(len(data) - 4096))  # the schema, in the first page, is whole
    for _ in range(3):
        with hash_memory(tmp_path / "cache") as memory:
            assert memory.matches(file, SHA256)
    assert reads == [file] * 3  # at first, with the damage, and once more
