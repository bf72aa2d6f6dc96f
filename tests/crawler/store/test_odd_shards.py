"""Shards whose names, sizes and headers are not those of a crawl: records alone tell what to keep."""

import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from benchmarks.damage import flip
from crawler.commands.forget import forget
from crawler.store.raw import RECORDS
from crawler.store.recorded import write_table
from crawler.store.store import images_of
from crawler.store.tombstones import Tombstones
from fashion_pggan.storage.records import RawImage, write_records
from fashion_pggan.verify.images import crawled
from tests.crawler.kept import bytes_of, members, raw

Crawl = Callable[..., dict[str, Any]]
GONE = "/p/3.jpg"


def entry(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    header = tarfile.TarInfo(name)
    header.size, header.type = size, kind
    return header.tobuf(tarfile.GNU_FORMAT)


def swapped(sha256s: list[str], sizes: list[int]) -> list[bytes]:
    return [entry(f"{sha}.jpg", size) for sha, size in zip(reversed(sha256s), sizes, strict=True)]


def nameless(sha256s: list[str], sizes: list[int]) -> list[bytes]:
    return [entry("../image.jpg", size) for size in sizes]


def long_names(sha256s: list[str], sizes: list[int]) -> list[bytes]:
    return [entry(f"{sha}{'x' * 300}.jpg", size) for sha, size in zip(sha256s, sizes, strict=True)]


def one_entry(sha256s: list[str], sizes: list[int]) -> list[bytes]:
    return [entry("all.jpg", 4096), *(b"" for _ in sizes[1:])]


def too_large(sha256s: list[str], sizes: list[int]) -> list[bytes]:
    return [entry(f"{sha}.jpg", 1 << 40) for sha in sha256s]


def devices(sha256s: list[str], sizes: list[int]) -> list[bytes]:
    return [entry(f"{sha}.jpg", 0, tarfile.CHRTYPE) for sha in sha256s]


ODD = [swapped, nameless, long_names, one_entry, too_large, devices]


def with_odd_shard(tmp_path: Path, headers: Callable[[list[str], list[int]], list[bytes]]) -> None:
    """Put all images of data/raw, and of the store, into one shard with other headers."""
    bodies = {record.sha256: bytes_of(tmp_path / "raw", record) for record in raw(tmp_path)}
    data, offsets = bytearray(), {}
    heads = headers([*bodies], [len(body) for body in bodies.values()])
    for head, (digest, body) in zip(heads, bodies.items(), strict=True):
        data += head
        offsets[digest] = len(data)
        data += body + bytes(-len(body) % 512)
    data += bytes(1024)
    file = f"shards/{sha256(data).hexdigest()}.tar"
    for place in ("raw", "store"):
        for path in (tmp_path / place / "shards").iterdir():
            path.unlink()
        (tmp_path / place / file).write_bytes(data)

    def moved(image: Any) -> Any:
        return image.model_copy(update={"file": file, "offset": offsets[image.sha256]})

    write_records(tmp_path / "raw" / RECORDS, map(moved, raw(tmp_path)), RawImage)
    write_table(tmp_path / "store", [*map(moved, images_of(tmp_path / "store").values())])


def forgotten(shop: Any, tmp_path: Path) -> None:
    tombstones = Tombstones(tmp_path / "tombstones.jsonl")
    gone = forget(tombstones, tmp_path / "store", tmp_path / "raw", [f"{shop.address}{GONE}"], [], [])
    assert (gone.stored, gone.raw) == (1, 1)


@pytest.mark.parametrize("headers", ODD)
def test_a_forgotten_image_goes_whatever_its_shard_says_and_no_other_does(
    shop: Any, crawl: Crawl, tmp_path: Path, headers: Callable[[list[str], list[int]], list[bytes]]
) -> None:
    crawl()
    with_odd_shard(tmp_path, headers)
    forgotten(shop, tmp_path)
    for place in ("raw", "store"):
        left = [body for path, body in shop.images.items() if path != GONE]
        assert sorted(members(tmp_path / place).values()) == sorted(left)
        assert all(sha256(body).hexdigest() == name[:64] for name, body in members(tmp_path / place).items())
    assert not [fault for _, fault in crawled(tmp_path / "raw") if fault]


@pytest.mark.parametrize("headers", ODD)
def test_a_crawl_takes_the_images_out_of_an_odd_shard(
    shop: Any, crawl: Crawl, tmp_path: Path, headers: Callable[[list[str], list[int]], list[bytes]]
) -> None:
    crawl()
    with_odd_shard(tmp_path, headers)
    shop.images.pop(GONE)
    assert crawl()["fetched"] == 0
    assert {record.url.removeprefix(shop.address) for record in raw(tmp_path)} == {*shop.images}
    for record in raw(tmp_path):
        assert bytes_of(tmp_path / "raw", record) == shop.images[record.url.removeprefix(shop.address)]


def test_a_damaged_image_leaves_with_a_warning_when_its_shard_is_written_again(
    shop: Any, crawl: Crawl, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    crawl()
    record = next(one for one in raw(tmp_path) if one.url.endswith("/p/5.jpg"))
    (shard,) = (tmp_path / "raw/shards").iterdir()
    flip(shard, 8 * record.offset)
    forgotten(shop, tmp_path)
    assert len(raw(tmp_path)) == 28
    assert f"1 images of {tmp_path / 'raw'} were damaged and are gone: dvc repro fetches them" in caplog.text
    assert not [fault for _, fault in crawled(tmp_path / "raw") if fault]
