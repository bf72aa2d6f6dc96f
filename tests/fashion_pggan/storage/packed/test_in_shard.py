"""Bytes within a file are read at their place, and checked against their hashes once."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import fsspec
import pytest
from upath import UPath

from fashion_pggan.errors import UserError
from fashion_pggan.storage.hashes import hash_memory
from fashion_pggan.storage.packed import in_shard as module
from fashion_pggan.storage.packed.in_shard import InShard, Member, damaged_in, place_of

DATA = bytes(range(250))


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    path = tmp_path / "shard"
    path.write_bytes(DATA)
    return path


def test_an_image_without_offset_is_the_file(shard: Path) -> None:
    assert place_of(shard, 0, 9) == shard
    assert place_of(shard, 10, 5).read_bytes() == DATA[10:15]
    assert str(place_of(shard, 10, 5)) == f"{shard} at byte 10"


@pytest.mark.parametrize(("offset", "size"), [(240, 20), (10**12, 5), (249, 2**40)])
def test_beyond_the_end_there_are_fewer_bytes(shard: Path, offset: int, size: int) -> None:
    assert InShard(shard, offset, size).read_bytes() == DATA[offset : offset + size]


def test_of_shared_storage_only_the_range_is_read(shard: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    memory = fsspec.filesystem("memory")
    memory.pipe("/raw/shard", DATA)
    cat_file = type(memory).cat_file

    def watched(self: Any, path: str, **part: int) -> bytes:
        asked.append(part)
        return cat_file(self, path, **part)

    monkeypatch.setattr(type(memory), "cat_file", watched)
    assert InShard(UPath("memory://raw/shard"), 10, 5).read_bytes() == DATA[10:15]
    assert asked == [{"start": 10, "end": 15}]


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="is not a plain file"):
        InShard(tmp_path / "pipe", 1, 2).read_bytes()


def member(offset: int, size: int, data: bytes | None = None) -> Member:
    return Member(offset, size, sha256(DATA[offset : offset + size] if data is None else data).hexdigest())


def test_damaged_members_are_named_and_a_shard_that_stays_is_read_once(
    tmp_path: Path, shard: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad, beyond = member(0, 9), member(9, 9, b"other"), member(245, 9)
    monkeypatch.setattr("fashion_pggan.storage.hashes.FINE_YOUNG_NS", 0)
    with hash_memory(tmp_path / "memory") as memory:
        assert damaged_in(shard, [bad, beyond, good], memory) == [bad, beyond]
        assert damaged_in(shard, [good, member(20, 30)], memory) == []
        assert memory.matches(shard, sha256(DATA).hexdigest())  # beside the file's own hash
        read = []
        found = module.members_found
        monkeypatch.setattr(module, "members_found", lambda *given: read.append(given) or found(*given))
        assert damaged_in(shard, [member(20, 30), good], memory) == []
        assert memory.matches(shard, sha256(DATA).hexdigest(), lambda path: "not read")
        assert not read
        assert damaged_in(shard, [good], memory) == []  # other members are another question
        assert read
        shard.write_bytes(DATA[::-1])
        assert damaged_in(shard, [good], memory) == [good]
