"""`fashion-pggan crawl share`: what DVC has copied apart is one file again, and nothing reaches the cache."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.damage import flip
from crawler.commands.share import share
from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.locks import exclusive
from tests.crawler.kept import bytes_of, raw

Crawl = Callable[..., dict[str, Any]]


@pytest.fixture
def apart(shop: Any, crawl: Crawl, tmp_path: Path) -> list[Path]:
    """Shards of data/raw, copied as DVC does."""
    crawl(shard_mb=0.005)
    shards = sorted((tmp_path / "raw/shards").iterdir())
    for shard in shards:
        shutil.copy2(shard, tmp_path / "copy")
        (tmp_path / "copy").replace(shard)
        assert not shard.samefile(tmp_path / "store/shards" / shard.name)
    return shards


def test_equal_shards_become_one_and_the_output_stays_as_it_is(
    crawl: Crawl, shop: Any, apart: list[Path], tmp_path: Path
) -> None:
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in apart}
    size = sum(path.stat().st_size for path in apart)
    assert share(tmp_path / "store", tmp_path / "raw") == size
    assert all(path.samefile(tmp_path / "store/shards" / path.name) for path in apart)
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in apart} == before, (
        "DVC looks at them"
    )
    assert share(tmp_path / "store", tmp_path / "raw") == 0
    assert crawl(shard_mb=0.005)["fetched"] == 0
    assert len(raw(tmp_path)) == 30


def test_an_edit_of_a_shared_shard_is_noticed_and_mended(
    crawl: Crawl, shop: Any, apart: list[Path], tmp_path: Path
) -> None:
    share(tmp_path / "store", tmp_path / "raw")
    flip(apart[0], 8 * 600)
    damaged = apart[0]
    figures = crawl(shard_mb=0.005)
    assert figures["store_damaged"]["files damaged"] >= 1
    assert figures["fetched"] >= 1
    assert not damaged.exists() or sha256_of(damaged) == damaged.stem
    for record in raw(tmp_path):
        assert bytes_of(tmp_path / "raw", record) == shop.images[record.url.removeprefix(shop.address)]


def test_damaged_shards_and_links_of_dvc_stay_alone(apart: list[Path], tmp_path: Path) -> None:
    ours = [tmp_path / "store/shards" / path.name for path in apart]
    flip(apart[0], 8 * 600)
    flip(apart[1], 8 * 600)
    shutil.copy2(apart[1], ours[1])  # equal, and neither is what its name says
    apart[2].chmod(0o444)  # as DVC leaves a link into its cache
    apart[3].rename(tmp_path / "object")
    apart[3].symlink_to(tmp_path / "object")
    share(tmp_path / "store", tmp_path / "raw")
    one = [mine.samefile(theirs) for mine, theirs in zip(ours, apart, strict=True)]
    assert not any(one[:4])
    assert all(one[4:])
    assert sha256_of(ours[0]) == ours[0].stem


def test_what_a_kill_leaves_goes_with_the_next_crawl(crawl: Crawl, apart: list[Path], tmp_path: Path) -> None:
    left = tmp_path / "store/shards" / f".{apart[0].name}.0123abcd.pggan"
    os.link(apart[0], left)
    crawl(shard_mb=0.005)
    assert not left.exists()


def test_a_crawl_under_way_and_folders_without_shards_are_refused(
    apart: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fashion_pggan.storage.locks.WAIT_S", 0.0)
    with exclusive(tmp_path / "store"), pytest.raises(UserError, match="store is in use"):
        share(tmp_path / "store", tmp_path / "raw")
    for store, raw_ in (("store", "none"), ("none", "raw")):
        with pytest.raises(UserError, match="none holds no shards: run dvc repro crawl first"):
            share(tmp_path / store, tmp_path / raw_)
    assert not (tmp_path / "none").exists()
