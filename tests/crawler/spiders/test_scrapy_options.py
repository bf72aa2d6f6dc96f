"""Options of Scrapy that its users know: each does what they expect, or is refused in one line."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from scrapy.http import Response
from scrapy.settings import Settings

from crawler.spiders.naver_tops import NaverTops
from crawler.spiders.scrapy_options import left_out_part
from crawler.store.feeds import COLUMNS, is_feed
from crawler.store.store import images_of
from fashion_pggan.storage.records import RawImage, read_records

Spider = Callable[..., list[logging.LogRecord]]
PIPELINE = "crawler.store.pipeline.StoreImages"


def moved(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "/p/1.jpg"})


def stored(folder: Path) -> int:
    return len(images_of(folder / "store"))


@pytest.mark.parametrize(
    ("scrapys", "path", "answer", "requests"),
    [
        ({"DOWNLOAD_MAXSIZE": 500}, "/p/large", lambda request: web.Response(body=bytes(900)), 1),
        ({"REDIRECT_ENABLED": False}, "/p/moved", moved, 1),
        ({"RETRY_TIMES": 0}, "/p/error", lambda request: web.Response(status=500), 1),
        ({"RETRY_TIMES": 3}, "/p/error", lambda request: web.Response(status=500), 4),
        ({"RETRY_ENABLED": False}, "/p/error", lambda request: web.Response(status=500), 1),
    ],
)
def test_an_option_about_answers_holds_for_images(
    shop: Any,
    scrapy_crawl: Spider,
    params_file: Callable[..., Path],
    tmp_path: Path,
    scrapys: dict[str, Any],
    path: str,
    answer: Any,
    requests: int,
) -> None:
    shop.faults = {path: answer}
    scrapy_crawl(params=params_file(retries=1), scrapys=scrapys)
    assert shop.requests[path] == requests
    assert len(read_records(tmp_path / "raw/records.parquet", RawImage)) == 30


@pytest.mark.parametrize(
    "scrapys",
    [
        {"DUPEFILTER_CLASS": "scrapy.dupefilters.RFPDupeFilter"},
        {"DEPTH_LIMIT": 1},
        {"AUTOTHROTTLE_ENABLED": True, "AUTOTHROTTLE_START_DELAY": 0.0},
        {"CONCURRENT_REQUESTS": 1, "COOKIES_ENABLED": True},
        {"MEMUSAGE_LIMIT_MB": 100_000, "LOG_LEVEL": "ERROR"},
    ],
)
def test_an_option_that_changes_no_image_loses_none(
    shop: Any,
    scrapy_crawl: Spider,
    params_file: Callable[..., Path],
    tmp_path: Path,
    scrapys: dict[str, Any],
) -> None:
    scrapy_crawl(params=params_file(), scrapys=scrapys)
    assert len(read_records(tmp_path / "raw/records.parquet", RawImage)) == 30


def test_robots_are_ignored_by_who_says_so_and_a_user_agent_is_sent(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], tmp_path: Path
) -> None:
    shop.robots = "User-agent: *\nDisallow: /p/1.jpg\n"
    scrapys = {"ROBOTSTXT_OBEY": False, "USER_AGENT": "mine/1 (+me@example.org)"}
    scrapy_crawl(params=params_file(), scrapys=scrapys)
    assert stored(tmp_path) == 30
    assert shop.headers["/p/1.jpg"][0]["User-Agent"] == "mine/1 (+me@example.org)"


@pytest.mark.parametrize(
    "scrapys",
    [
        {"CLOSESPIDER_ITEMCOUNT": 5, "CONCURRENT_REQUESTS": 1},
        {"MEMUSAGE_LIMIT_MB": 1, "MEMUSAGE_CHECK_INTERVAL_SECONDS": 0.01, "CONCURRENT_REQUESTS": 1},
    ],
)
def test_a_limit_of_scrapy_stops_the_crawl_and_the_next_one_resumes(
    shop: Any,
    scrapy_crawl: Spider,
    params_file: Callable[..., Path],
    tmp_path: Path,
    scrapys: dict[str, Any],
) -> None:
    shop.delay_s = 0.05
    records = scrapy_crawl(params=params_file(), scrapys=scrapys)
    said = [record.getMessage() for record in records]
    assert "stopped: fetched images are kept, and the next crawl resumes" in said
    assert stored(tmp_path) < 30
    assert not (tmp_path / "raw").exists()
    scrapy_crawl(params=params_file())
    assert len(read_records(tmp_path / "raw/records.parquet", RawImage)) == 30


@pytest.mark.parametrize("name", ["ITEM_PIPELINES", "DOWNLOADER_MIDDLEWARES", "DOWNLOAD_HANDLERS"])
def test_an_option_that_leaves_out_a_part_of_the_crawl_is_one_line(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], name: str
) -> None:
    (record,) = scrapy_crawl(params=params_file(), scrapys={name: "{}"})
    assert record.getMessage().startswith(f"error: -s {name} leaves out ")
    assert not record.exc_info
    assert not shop.requests


@pytest.mark.parametrize("name", ["raw/items.csv", "store/failed.csv", "t.jsonl", "crawl.json"])
@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_feed_among_the_files_of_the_crawl_is_refused_before_the_first_request(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], tmp_path: Path, name: str, form: str
) -> None:
    feed = form.format(tmp_path / name)
    scrapys = {"FEEDS": {feed: {"format": "csv", "overwrite": True}}}
    paths = {"tombstones": tmp_path / "t.jsonl", "report": tmp_path / "crawl.json"}
    (record,) = scrapy_crawl(params=params_file(), scrapys=scrapys, **paths)
    assert record.getMessage().startswith(f"error: -o {feed} would write into ")
    assert not shop.requests
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("name", ["params.yaml", "words.yaml", "overrides.csv", "notes.json"])
def test_a_feed_over_a_file_of_another_kind_is_refused(
    shop: Any,
    scrapy_crawl: Spider,
    params_file: Callable[..., Path],
    tmp_path: Path,
    name: str,
    overwrite: bool,
) -> None:
    params, file = params_file(vocabulary=str(tmp_path / "words.yaml")), tmp_path / name
    before = file.read_bytes() if file.exists() else b"url,sha256,title\nhttps://a/1,x,a shirt\n"
    file.write_bytes(before)
    fields = ["url", "sha256", "crawled_at"] if name == "words.yaml" else None
    scrapys = {"FEEDS": {str(file): {"format": "csv", "overwrite": overwrite}}, "FEED_EXPORT_FIELDS": fields}
    (record,) = scrapy_crawl(params=params, scrapys=scrapys)
    assert record.getMessage().startswith(f"error: -o {file}")
    assert file.read_bytes() == before
    assert not shop.requests


@pytest.mark.parametrize("form", ["csv", "json", "jsonlines", "xml", "pickle", "marshal"])
@pytest.mark.parametrize("fields", [None, ["url", "title"], "url,title"])
def test_a_feed_may_be_written_again(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], tmp_path: Path, form: str, fields: Any
) -> None:
    feed = tmp_path / f"items.{form}"
    feeds = {"FEEDS": {str(feed): {"format": form, "overwrite": True}}, "FEED_EXPORT_FIELDS": fields}
    for _ in range(2):
        records = scrapy_crawl(params=params_file(max_products=1), scrapys=feeds)
        assert not [record for record in records if record.levelno >= logging.WARNING]
    assert feed.stat().st_size


@pytest.mark.parametrize(
    "text", ["", "[\n\n]", "[", '<?xml version="1.0" encoding="utf-8"?>\n<items></items>']
)
def test_a_feed_without_items_is_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "items").write_text(text)
    assert is_feed(tmp_path / "items", COLUMNS)
    (tmp_path / "items").write_text(f"{text}x")
    assert not is_feed(tmp_path / "items", COLUMNS)


def test_a_refused_crawl_replaces_no_feed(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], tmp_path: Path
) -> None:
    feed = tmp_path / "items.csv"
    feed.write_text("of the crawl before")
    scrapys = {"FEEDS": {str(feed): {"format": "csv", "overwrite": True}}}
    scrapy_crawl(params=params_file(), scrapys=scrapys, max="many")
    assert feed.read_text() == "of the crawl before"


def test_a_part_of_ones_own_may_be_added() -> None:
    settings = Settings()
    settings.setmodule("crawler.spiders.settings", priority="project")
    assert left_out_part(settings) is None
    settings.set("ITEM_PIPELINES", f'{{"{PIPELINE}": 100, "mine.Pipeline": 200}}', priority="cmdline")
    assert left_out_part(settings) is None


def test_scrapy_parse_is_told_what_to_do() -> None:
    spider = NaverTops()
    assert list(spider.parse(Response("https://a.example/1.jpg"))) == []
    assert str(spider.failure) == (
        "https://a.example/1.jpg is of no search: add it to a list, and crawl that"
    )
