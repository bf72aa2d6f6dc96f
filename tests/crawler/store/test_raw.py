"""data/raw is replaced only where its records tell what a crawl wrote."""

from pathlib import Path

import pytest

from benchmarks.damage import flip
from crawler.store.raw import KIND, RECORDS
from fashion_pggan.errors import UserError
from fashion_pggan.storage.records import RawImage, write_records
from fashion_pggan.storage.targets import check_target


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
