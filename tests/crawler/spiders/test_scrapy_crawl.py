"""The spider under `scrapy crawl`."""

import csv
import errno
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from crawler.commands.show import show
from crawler.spiders.naver_tops import NaverTops
from crawler.store.store import images_of
from fashion_pggan.errors import UserError
from fashion_pggan.storage.records import RawImage, read_records
from tests.crawler.kept import everything_under

REPOSITORY = Path(__file__).resolve().parents[3]
SEARCH = "/search/v1/image"
GIF = b"GIF89a" + (32).to_bytes(2, "little") * 2 + bytes(20)


def test_no_key_is_in_any_log_stat_error_or_file(
    shop: Any, tmp_path: Path, params_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.key = "key-that-nobody-sees"
    shop.search_faults = [(500, "no key-that-nobody-sees for id-that-nobody-sees")]
    params = params_file()
    options = {"params": params, "report": tmp_path / "crawl.json"}
    options |= {name: tmp_path / name for name in ("target", "store", "tombstones")}
    command = [sys.executable, "-m", "scrapy", "crawl", "naver_tops", "-L", "DEBUG", "-s", "STATS_DUMP=True"]
    command += [part for name, value in options.items() for part in ("-a", f"{name}={value}")]
    keys = {"NAVER_API_KEY_ID": "id-that-nobody-sees", "NAVER_API_KEY": "key-that-nobody-sees"}
    done = subprocess.run(
        command, cwd=REPOSITORY, env={**os.environ, **keys}, capture_output=True, text=True, timeout=60
    )
    assert shop.headers[SEARCH][-1]["X-Ncp-Apigw-Api-Key"] == "key-that-nobody-sees"
    assert "'crawl/images': 30" in done.stderr  # the stats, dumped
    assert "nobody-sees" not in done.stderr + done.stdout
    assert b"nobody-sees" not in everything_under(tmp_path)
    assert (tmp_path / "crawl.json").is_file()


def test_scrapy_crawl_does_the_same(shop: Any, tmp_path: Path, params_file: Callable[..., Path]) -> None:
    options = {"target": tmp_path / "raw", "store": tmp_path / "store", "params": params_file()}
    arguments = [argument for name, value in options.items() for argument in ("-a", f"{name}={value}")]
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "naver_tops", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    assert "30 images of 30 found: 30 fetched" in done.stderr
    assert "experimental" not in done.stderr
    assert len(read_records(tmp_path / "raw/records.parquet", RawImage)) == 30


Spider = Callable[..., list[logging.LogRecord]]


def test_a_dry_run_prints_the_plan_and_asks_nobody(
    scrapy_crawl: Spider,
    tmp_path: Path,
    params_file: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    params = params_file(provider="naver_hub", vocabulary=str(REPOSITORY / "vocabularies/tops.yaml"))
    assert scrapy_crawl(params=params, dry_run=1) == []
    said = capsys.readouterr().out
    assert "25,000 calls a day" in said
    assert "  셔츠 | sim | all" in said
    assert not (tmp_path / "store").exists()


def test_scrapy_crawl_says_its_errors_in_one_line(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path]
) -> None:
    (record,) = scrapy_crawl(params=params_file(max_product=3))
    assert (record.levelname, record.exc_info) == ("ERROR", False)
    assert record.getMessage().startswith("error: ")
    assert "crawl.max_product is not a parameter" in record.getMessage()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("dryrun", "1", "error: -a dryrun: "),
        ("dry_run", "maybe", "error: -a dry_run=maybe: "),
        ("store", "s3://b/c", "error: -a store=s3://b/c: give a path on this machine"),
        ("report", "s3:/b/c", "error: -a report=s3:/b/c: give a path on this machine"),
        ("target", "", "error: -a target=: give a path"),
    ],
)
def test_a_mistyped_argument_of_the_spider_starts_no_crawl(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], name: str, value: str, said: str
) -> None:
    (record,) = scrapy_crawl(params=params_file(), **{name: value})
    assert record.getMessage().startswith(said)
    assert not record.exc_info
    assert not shop.requests


def test_a_job_folder_of_scrapy_is_refused_and_not_made(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], tmp_path: Path
) -> None:
    (record,) = scrapy_crawl(params=params_file(), scrapys={"JOBDIR": str(tmp_path / "job")})
    assert record.getMessage() == (
        f"error: JOBDIR={tmp_path / 'job'}: leave it out; a crawl resumes from its store"
    )
    assert not (tmp_path / "job").exists()
    assert not shop.requests


@pytest.mark.parametrize(
    ("scrapys", "said"),
    [
        ({"CONCURRENT_REQUESTS": "abc"}, "error: -s CONCURRENT_REQUESTS=abc: give a number, as 8 in "),
        ({"CRAWL_MIN_SIDE": ""}, "error: -s CRAWL_MIN_SIDE=: give a number, as 0 in params.yaml"),
        ({"AUTOTHROTTLE_ENABLED": "perhaps"}, "error: -s AUTOTHROTTLE_ENABLED=perhaps: give a number"),
    ],
)
def test_an_option_of_scrapy_that_cannot_hold_is_one_line(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], scrapys: dict[str, Any], said: str
) -> None:
    (record,) = scrapy_crawl(params=params_file(), scrapys=scrapys)
    assert record.getMessage().startswith(said)
    assert not record.exc_info
    assert not shop.requests


@pytest.mark.parametrize("form", ["jsonlines", "json", "csv", "xml"])
def test_a_feed_has_a_row_for_each_image_fetched_or_stored_before(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], tmp_path: Path, form: str
) -> None:
    shop.images = dict(list(shop.images.items())[:3])
    scrapy_crawl(params=params_file())
    shop.images["/p/new.jpg"] = b"\xff\xd8\xff new"
    feed = tmp_path / "items.txt"
    scrapy_crawl(params=params_file(), scrapys={"FEEDS": {str(feed): {"format": form}}})
    said = feed.read_text()
    records = read_records(tmp_path / "raw/records.parquet", RawImage)
    assert len(records) == 4
    assert all(record.url in said and record.sha256 in said for record in records)
    assert "xff" not in said  # no bytes
    assert "None" not in said  # the search says no size
    if form == "jsonlines":
        rows = [json.loads(line) for line in said.splitlines()]
        assert sorted(row["url"] for row in rows) == sorted(record.url for record in records)
        for row in rows:  # its place changes at the end, so that a row would name none
            assert row.keys() == RawImage.model_fields.keys() - {"file", "offset"}
            assert f"{row['sha256']}\n" in show(row["sha256"], tmp_path / "raw", tmp_path / "taken")
            (tmp_path / "taken").unlink()


def test_no_title_is_a_formula_in_a_feed_for_spreadsheets(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], tmp_path: Path
) -> None:
    link = f"{shop.address}/p/1.jpg"
    (tmp_path / "list.csv").write_text(f"title,url\n=1+1,{link}\n")
    params = params_file(provider="urls", url_list=str(tmp_path / "list.csv"), contact="a@b.org")
    feed = tmp_path / "items.csv"
    scrapy_crawl(params=params, scrapys={"FEEDS": {str(feed): {"format": "csv"}}})
    with feed.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["title"], row["url"]) == ("'=1+1", link)


def test_what_an_owner_forbids_does_not_come_from_scrapys_cache(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], tmp_path: Path
) -> None:
    shop.faults["/p/noai"] = lambda request: web.Response(body=b"x", headers={"X-Robots-Tag": "noai"})
    shop.faults["/p/tdm"] = lambda request: web.Response(body=b"y", headers={"TDM-Reservation": "1"})
    shop.images = {"/p/large": bytes(900), "/p/small": GIF, "/p/good": b"good"}
    cache = {"HTTPCACHE_ENABLED": True, "HTTPCACHE_DIR": str(tmp_path / "cache")}
    stores = [tmp_path / "store1", tmp_path / "store2"]
    scrapy_crawl(params=params_file(obey_opt_out=False), scrapys=cache, store=stores[0])
    assert len(images_of(stores[0])) == 5
    limits = params_file(obey_opt_out=True, max_bytes=500, min_side=64)
    scrapy_crawl(params=limits, scrapys=cache, store=stores[1])
    assert [urlsplit(image.url).path for image in images_of(stores[1]).values()] == ["/p/good"]
    assert set(shop.fetched().values()) == {1}
    assert b"X-Ncp-Apigw-Api-Key" not in everything_under(tmp_path / "cache")


def test_a_failure_that_has_passed_does_not_come_from_scrapys_cache(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], tmp_path: Path
) -> None:
    answers = [web.Response(status=500)]
    shop.faults["/p/1.jpg"] = lambda request: answers.pop() if answers else web.Response(body=b"good")
    cache = {"HTTPCACHE_ENABLED": True, "HTTPCACHE_DIR": str(tmp_path / "cache")}
    scrapy_crawl(params=params_file(retries=1), scrapys=cache)
    assert len(images_of(tmp_path / "store")) == 30


def test_an_image_that_scrapys_cache_lacks_is_asked_for_by_a_later_run(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], tmp_path: Path
) -> None:
    cache = {"HTTPCACHE_ENABLED": True, "HTTPCACHE_DIR": str(tmp_path / "cache")}
    scrapy_crawl(params=params_file(max_products=12), scrapys=cache, store=tmp_path / "other")
    asked = shop.fetched().total()
    for _ in range(3):  # more than crawl.tries
        scrapy_crawl(params=params_file(), scrapys={**cache, "HTTPCACHE_IGNORE_MISSING": True})
    assert (len(images_of(tmp_path / "store")), shop.fetched().total()) == (12, asked)
    with (tmp_path / "store/failed.csv").open(newline="") as file:
        assert [row["reason"] for row in csv.DictReader(file)] == ["NOT_CACHED"] * 18
    assert len(read_records(tmp_path / "raw/records.parquet", RawImage)) == 12
    scrapy_crawl(params=params_file())
    assert len(read_records(tmp_path / "raw/records.parquet", RawImage)) == 30


def test_a_folder_in_place_of_the_params_is_one_line(shop: Any, scrapy_crawl: Spider, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (record,) = scrapy_crawl(params=folder)
    assert record.getMessage().startswith(f"error: {folder} is not a plain file: ")
    assert not record.exc_info


def test_a_disk_that_is_full_at_the_end_too_is_one_line(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for name in ("ImageFiles.write", "Store.compact"):
        monkeypatch.setattr(f"crawler.store.store.{name}", full)
    records = scrapy_crawl(params=params_file())
    errors = [record for record in records if record.levelno >= logging.ERROR]
    assert len(errors) == 1
    assert re.fullmatch(
        r"error: cannot write: No space left on device \(.*/store\): remove .*", errors[0].getMessage()
    )
    assert not errors[0].exc_info


@pytest.mark.parametrize("name", ["thesis.txt", "params.yaml", "tombstones.jsonl"])
def test_a_report_never_replaces_a_file_of_another_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text("of the user")
    failure = NaverTops(report=name).failure
    assert isinstance(failure, UserError)
    assert (tmp_path / name).read_text() == "of the user"


def test_a_report_of_an_earlier_crawl_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crawl.json").write_text(
        json.dumps({"products": 1, "calls": 1, "images": 1}, indent=1) + "\n"
    )
    assert NaverTops(report="crawl.json").failure is None
