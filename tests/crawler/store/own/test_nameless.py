"""Shards that no record names: what a kill left goes, what may be the user's stays and is named."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crawler.commands.forget import forget
from crawler.store.damaged_store import faults
from crawler.store.raw import RECORDS
from crawler.store.tombstones import Tombstones
from fashion_pggan.errors import UserError
from fashion_pggan.storage.packed.tar_shards import Named, write_shards
from fashion_pggan.verify.images import crawled
from fashion_pggan.verify.kinds import verify
from fashion_pggan.verify.places import kinds_at

Crawl = Callable[..., dict[str, Any]]


def foreign_tar(folder: Path) -> Path:
    """A shard as another crawl writes it."""
    (folder / "elsewhere/shards").mkdir(parents=True)
    (place,) = write_shards(folder / "elsewhere", [Named(f"{'ab' * 32}.jpg", b"mine")], 10**6).values()
    return folder / "elsewhere" / place.file


@pytest.mark.parametrize("place", ["raw", "store"])
def test_a_shard_of_another_crawl_is_named_and_stays(
    shop: Any, crawl: Crawl, tmp_path: Path, place: str
) -> None:
    crawl()
    mine = Path(shutil.copy(foreign_tar(tmp_path), tmp_path / place / "shards"))
    check = {"raw": crawled, "store": faults}[place]
    assert [path for path, fault in check(tmp_path / place) if fault] == [mine]
    arguments = tmp_path / "store", tmp_path / "raw", [f"{shop.address}/p/3.jpg"], [], []
    with pytest.raises(UserError, match=mine.name):
        forget(Tombstones(tmp_path / "tombstones.jsonl"), *arguments)
    assert not (tmp_path / "tombstones.jsonl").exists()
    if place == "raw":
        with pytest.raises(
            UserError, match=rf"raw holds shards/{mine.name}, which is not part of the outcome"
        ):
            crawl()
    else:
        crawl()
    assert mine.exists()


def test_shards_whose_records_are_missing_are_damage(tmp_path: Path) -> None:
    (kind,) = kinds_at(foreign_tar(tmp_path).parents[1])
    outcome = verify(Path(), replace(kind, folder=str(tmp_path / "elsewhere")))
    assert outcome is not None
    assert [path.name for path, _ in outcome.damaged] == [RECORDS]


@pytest.mark.parametrize("place", ["raw", "store"])
def test_shards_behind_a_link_are_never_deleted(shop: Any, crawl: Crawl, tmp_path: Path, place: str) -> None:
    crawl()
    (tmp_path / place / "shards").rename(tmp_path / "elsewhere")
    (tmp_path / place / "shards").symlink_to(tmp_path / "elsewhere")
    (tmp_path / place / {"raw": RECORDS, "store": "fetched.parquet"}[place]).unlink()
    arguments = tmp_path / "store", tmp_path / "raw", [f"{shop.address}/p/3.jpg"], [], []
    with suppress(UserError):
        forget(Tombstones(tmp_path / "tombstones.jsonl"), *arguments)
    assert len([*(tmp_path / "elsewhere").iterdir()]) == 1
