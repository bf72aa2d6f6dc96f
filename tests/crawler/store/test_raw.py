"""data/raw: shards that last, and are replaced only where records tell what a crawl wrote."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from benchmarks.damage import flip
from crawler.commands.forget import forget
from crawler.commands.merge import merge
from crawler.store.damaged_store import faults
from crawler.store.marks import digest_of
from crawler.store.raw import KIND, RECORDS, raw_of
from crawler.store.store import Store, images_of
from crawler.store.stored import Fetched
from crawler.store.tombstones import Tombstones
from fashion_pggan.errors import UserError
from fashion_pggan.storage.records import RawImage, write_records
from fashion_pggan.storage.targets import check_target
from fashion_pggan.verify.images import crawled
from tests.crawler.kept import bytes_of, members, raw

Crawl = Callable[..., dict[str, Any]]


def test_damaged_records_are_called_so_with_what_mends_them(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    write_records(raw / RECORDS, [], RawImage)
    (raw / "images").mkdir()
    check_target(raw, KIND, [])
    (raw / "images/mine.jpg").touch()
    with pytest.raises(UserError, match=r"raw holds images/mine\.jpg, which is not part of the outcome"):
        check_target(raw, KIND, [])
    without = rf"raw may hold files of yours: it has images, but no {RECORDS}: run dvc repro --force crawl"
    (raw / RECORDS).rename(tmp_path / "kept")
    with pytest.raises(UserError, match=without):
        check_target(raw, KIND, [])
    (tmp_path / "kept").rename(raw / RECORDS)
    flip(raw / RECORDS, 99)
    with pytest.raises(
        UserError,
        match=rf"raw may hold files of yours: its {RECORDS} is damaged \(.+\): run dvc repro --force",
    ):
        check_target(raw, KIND, [])


def shards(tmp_path: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (tmp_path / "raw/shards").iterdir()}


def test_a_further_crawl_adds_shards_and_leaves_the_others_alone(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    crawl(shard_mb=0.005)
    first = shards(tmp_path)
    assert len(first) == 10
    for number in range(3):
        shop.images[f"/p/new{number}.jpg"] = b"new %d" % number
    crawl(shard_mb=0.005)
    assert first.items() < shards(tmp_path).items()
    assert len(shards(tmp_path)) == 11
    for record in raw(tmp_path):
        assert bytes_of(tmp_path / "raw", record) == shop.images[record.url.removeprefix(shop.address)]
    again = shards(tmp_path)
    crawl(shard_mb=9)  # the size holds for new shards
    assert shards(tmp_path) == again


def test_a_shard_goes_when_less_than_half_of_it_is_wanted(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    crawl()
    (whole,) = shards(tmp_path)
    every = dict(shop.images)
    shop.images = dict(list(every.items())[:20])
    crawl()
    assert [*shards(tmp_path)] == [whole]
    assert len(raw(tmp_path)) == 20
    shop.images = dict(list(every.items())[:10])
    crawl()
    assert whole not in shards(tmp_path)
    assert set(members(tmp_path / "raw").values()) == set(shop.images.values())
    shop.images = every  # from the store: nothing is fetched again
    assert crawl()["fetched"] == 0
    assert [*shards(tmp_path)] == [whole]


@pytest.mark.parametrize("kind", ["url", "sha256"])
def test_an_image_that_no_record_names_leaves_its_shard_once_it_is_forbidden(
    shop: Any, crawl: Crawl, tmp_path: Path, kind: Literal["url", "sha256"]
) -> None:
    crawl()
    body = shop.images.pop("/p/7.jpg")
    crawl()
    assert body in members(tmp_path / "raw").values()
    digest = digest_of(f"{shop.address}/p/7.jpg") if kind == "url" else hashlib.sha256(body).hexdigest()
    Tombstones(tmp_path / "tombstones.jsonl").add(kind, [digest])
    crawl()
    assert body not in members(tmp_path / "raw").values()
    assert len(members(tmp_path / "raw")) == 29


@pytest.mark.parametrize("by", ["urls", "hashes"])
def test_forgetting_rewrites_the_one_shard_of_an_image(
    shop: Any, crawl: Crawl, tmp_path: Path, by: str
) -> None:
    crawl(shard_mb=0.005)
    before = shards(tmp_path)
    gone = raw(tmp_path)[3]
    shop.images.pop("/p/8.jpg")
    crawl(shard_mb=0.005)  # no record names it now, but a shard holds it
    lost = next(one for one in images_of(tmp_path / "store").values() if one.url.endswith("/p/8.jpg"))
    urls, hashes = ([gone.url, lost.url], []) if by == "urls" else ([], [gone.sha256, lost.sha256])
    tombstones = Tombstones(tmp_path / "tombstones.jsonl")
    result = forget(tombstones, tmp_path / "store", tmp_path / "raw", urls, [], hashes)
    assert (result.stored, result.raw) == (2, 1)
    assert len(before.items() & shards(tmp_path).items()) >= 8
    assert len(shards(tmp_path)) == len(before)
    assert not {one.sha256 for one in (gone, lost)} & {name[:64] for name in members(tmp_path / "raw")}
    assert [one.url for one in raw(tmp_path)] == [
        shop.address + path for path in shop.images if path != "/p/3.jpg"
    ]
    for record in raw(tmp_path):
        assert bytes_of(tmp_path / "raw", record) == shop.images[record.url.removeprefix(shop.address)]
    check_target(tmp_path / "raw", KIND, [])


@pytest.mark.parametrize(
    "moment",
    [
        "crawler.store.store.write_table",
        "crawler.store.store.finish_going",
        "crawler.store.raw.write_records",
    ],
)
def test_a_killed_forgetting_ends_when_it_is_asked_again(
    shop: Any, crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    crawl()
    body = shop.images["/p/3.jpg"]
    places = tmp_path / "store", tmp_path / "raw"

    def ask() -> Any:
        return forget(Tombstones(tmp_path / "tombstones.jsonl"), *places, [f"{shop.address}/p/3.jpg"], [], [])

    with monkeypatch.context() as patched:
        calls = iter([0] if moment.endswith("finish_going") else [])  # the first is that of the start
        patched.setattr(moment, lambda *_, **_options: next(calls, None) is None and pytest.fail("killed"))
        patched.setattr(Store, "compact", lambda _: None)
        with pytest.raises(pytest.fail.Exception):
            ask()
    ask()
    for place in places:
        assert len([*(place / "shards").iterdir()]) == 1
        assert body not in members(place).values()
        assert len(members(place)) == 29
    assert not (tmp_path / "store/.going.json").exists()


def test_the_store_and_the_outcome_share_their_shards_and_the_store_keeps_no_single_file(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    crawl(shard_mb=0.005)
    for path in (tmp_path / "raw/shards").iterdir():
        assert path.samefile(tmp_path / "store/shards" / path.name)
    assert not [path for path in (tmp_path / "store/images").rglob("*") if path.is_file()]


@pytest.mark.parametrize("place", [0, 20, 700])
def test_a_damaged_shard_is_replaced_with_what_was_fetched_again(
    shop: Any, crawl: Crawl, tmp_path: Path, place: int
) -> None:
    crawl()
    before = shards(tmp_path)
    (shard,) = (tmp_path / "raw/shards").iterdir()
    flip(shard, 8 * place)
    assert crawl()["fetched"] == (place == 700)  # the others are bits of a header
    assert not [fault for _, fault in crawled(tmp_path / "raw") if fault]
    assert set(members(tmp_path / "raw").values()) == set(shop.images.values())
    assert (shard.name in shards(tmp_path)) == (shards(tmp_path) == before)
    crawl()
    assert not [fault for _, fault in faults(tmp_path / "store") if fault]


def test_a_kill_while_a_store_packs_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tombstones, bodies = Tombstones(tmp_path / "tombstones.jsonl"), [b"image %d" % n for n in range(9)]
    with Store(tmp_path / "store", tombstones) as store:
        for number, body in enumerate(bodies):
            store.keep(Fetched(f"http://a/{number}", body, "", "2026-11-23T00:00:00+00:00"))
        with monkeypatch.context() as patched:
            patched.setattr("crawler.store.store.write_table", lambda *_: (tmp_path / "no").stat())
            with pytest.raises(FileNotFoundError):
                store.pack(4000)
    half = tmp_path / "store/shards/.new.tar.0123abcd.pggan"
    half.write_bytes(b"half")
    with Store(tmp_path / "store", tombstones) as store:
        assert not half.exists()
        store.pack(4000)
        found = [store.find(f"http://a/{number}") for number in range(9)]
        assert [store.files.image_at(image).read_bytes() for image in found if image] == bodies
    assert not [path for path in (tmp_path / "store/images").rglob("*") if path.is_file()]
    assert {path.name for path, fault in faults(tmp_path / "store") if fault} == {".files.json"}  # not held


@pytest.mark.parametrize("moment", ["at once", "after a crawl"])
def test_stores_with_shards_are_merged(
    shop: Any, crawl: Crawl, tmp_path: Path, moment: Literal["at once", "after a crawl"]
) -> None:
    crawl()
    tombstones = Tombstones(tmp_path / "tombstones.jsonl")
    parts = [tmp_path / "store"]
    assert merge(parts, tmp_path / "joined", tombstones)["images new"] == 30
    if moment == "after a crawl":
        with Store(tmp_path / "joined", tombstones) as store:
            store.pack(10**6)
    assert merge(parts, tmp_path / "joined", tombstones)["there before"] == 30
    with Store(tmp_path / "joined", tombstones) as store:
        for url, image in store.images.items():
            body = shop.images[url.removeprefix(shop.address)]
            assert store.files.image_at(image).read_bytes() == body
    (shard,) = (tmp_path / "store/shards").iterdir()
    flip(shard, 8 * 600)
    assert merge(parts, tmp_path / "third", tombstones)["damaged"] == 1


def test_bytes_that_a_shard_holds_are_not_stored_again_for_another_address(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    crawl()
    before = shards(tmp_path)
    shop.images["/p/copy.jpg"] = shop.images["/p/7.jpg"]
    assert crawl()["fetched"] == 1
    assert shards(tmp_path) == before
    images = images_of(tmp_path / "store")
    places = {(one.file, one.offset) for url, one in images.items() if url.endswith(("/7.jpg", "copy.jpg"))}
    assert len(places) == 1


def test_an_outcome_with_single_files_becomes_shards(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    crawl()
    singles = [
        one.model_copy(update={"file": images_of(tmp_path / "store")[one.url].file, "offset": 0})
        for one in raw(tmp_path)
    ]
    shutil.rmtree(tmp_path / "raw")
    shutil.copytree(tmp_path / "store/images", tmp_path / "raw/images")
    write_records(tmp_path / "raw" / RECORDS, singles, RawImage)
    assert crawl()["fetched"] == 0
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == [RECORDS, "shards"]
    (tmp_path / "raw/shards/mine.tar").touch()
    with pytest.raises(UserError, match=r"raw holds shards/mine\.tar, which is not part of the outcome"):
        crawl()


@pytest.mark.parametrize(
    "file", ["shards/../secret", "/etc/passwd", "shards//a", "elsewhere/a.tar", "shards/linked/a.tar"]
)
def test_a_record_of_a_shard_outside_is_refused(shop: Any, crawl: Crawl, tmp_path: Path, file: str) -> None:
    crawl()
    (tmp_path / "raw/shards/linked").symlink_to(tmp_path)
    records = [one.model_copy(update={"file": file}) for one in raw(tmp_path)]
    write_records(tmp_path / "raw" / RECORDS, records, RawImage)
    with pytest.raises(UserError, match=r"the record of 'http.+' in .*raw has the file"):
        raw_of(tmp_path / "raw")
