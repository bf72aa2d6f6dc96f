"""Shards hold images as they were, at the places that are returned, in bytes that depend on nothing else."""

import tarfile
from hashlib import sha256
from pathlib import Path

import pytest
import webdataset
from hypothesis import given
from hypothesis import strategies as st

from fashion_pggan.errors import UserError
from fashion_pggan.storage.packed.in_shard import place_of
from fashion_pggan.storage.packed.tar_shards import (
    NAME,
    Named,
    images_in,
    sha256_in,
    taken_by,
    write_shards,
)


def named(data: bytes, ending: str = ".jpg") -> Named:
    return Named(sha256(data).hexdigest() + ending, data)


BODIES = [b"first", b"", b"x" * 512, b"y" * 3000]


def test_every_image_is_at_its_place_and_tar_programs_find_it(tmp_path: Path) -> None:
    places = write_shards(tmp_path, map(named, BODIES), most=10_000)
    for data in BODIES:
        file, offset, size = places[sha256(data).hexdigest()]
        assert place_of(tmp_path / file, offset, size).read_bytes() == data
    (shard,) = (tmp_path / "shards").iterdir()
    with tarfile.open(shard) as tar:
        assert {entry.name: tar.extractfile(entry).read() for entry in tar} == dict(map(named, BODIES))
    assert shard.stat().st_size == taken_by(map(len, BODIES))
    assert sha256(shard.read_bytes()).hexdigest() == sha256_in(shard.name)


@pytest.mark.filterwarnings(
    "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning"
)  # its open files
def test_webdataset_reads_a_shard(tmp_path: Path) -> None:
    write_shards(tmp_path, map(named, BODIES), most=10_000)
    (shard,) = (tmp_path / "shards").iterdir()
    read = {one["__key__"]: one["jpg"] for one in webdataset.WebDataset(str(shard), shardshuffle=False)}
    assert read == {sha256(data).hexdigest(): data for data in BODIES}


def test_the_same_images_give_the_same_bytes_at_any_time_for_any_user(tmp_path: Path) -> None:
    names = [{p.file for p in write_shards(tmp_path / n, map(named, BODIES), 10_000).values()} for n in "ab"]
    assert names[0] == names[1]
    with tarfile.open(tmp_path / "a" / names[0].pop()) as tar:
        facts = {(e.mtime, e.uid, e.gid, e.uname, e.gname, e.mode, e.isreg()) for e in tar}
    assert facts == {(0, 0, 0, "", "", 0o644, True)}


@given(sizes=st.lists(st.integers(0, 2000), max_size=20), most=st.integers(1, 6000))
def test_a_shard_is_as_large_as_asked_or_holds_one_image(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], most: int
) -> None:
    folder = tmp_path_factory.mktemp("shards")
    places = write_shards(folder, (named(b"%d " % i + bytes(size)) for i, size in enumerate(sizes)), most)
    assert len(places) == len(sizes)
    for file in {place.file for place in places.values()}:
        assert NAME.fullmatch(file)
        members = [place for place in places.values() if place.file == file]
        assert len(members) == 1 or (folder / file).stat().st_size <= most


@pytest.mark.parametrize("harm", ["no tar", "cut", "endless"])
def test_a_file_that_is_no_shard_is_an_error_with_what_mends_it(tmp_path: Path, harm: str) -> None:
    write_shards(tmp_path, [named(b"x" * 5000)], most=10_000)
    (shard,) = (tmp_path / "shards").iterdir()
    data = bytearray(shard.read_bytes())
    if harm == "endless":
        entry = tarfile.TarInfo("a.jpg")
        entry.size = 2**40
        data[:512] = entry.tobuf()
    shard.write_bytes(b"<html>" * 200 if harm == "no tar" else data[:3000] if harm == "cut" else data)
    with pytest.raises(UserError, match=r"is not a tar file of images \(.+\): run dvc repro --force crawl"):
        images_in(shard)
