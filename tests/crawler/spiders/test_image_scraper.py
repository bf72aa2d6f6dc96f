"""The short way of images through Scrapy, and what Scrapy's users see of them."""

import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from crawler.spiders.image_scraper import ImageScraper
from crawler.spiders.naver_tops import NaverTops

Spider = Callable[..., list[logging.LogRecord]]


class Watching:
    """A spider middleware of a user."""

    seen: int = 0

    async def process_spider_output_async(self, response: Any, result: Any) -> AsyncIterator[Any]:
        """Count what the spider makes of answers."""
        async for each in result:
            type(self).seen += 1
            yield each

    def process_spider_output(self, response: Any, result: Any) -> Any:
        """Scrapy asks for both."""
        raise NotImplementedError


@pytest.fixture
def spiders(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The spiders that run."""
    found: list[Any] = []
    start = NaverTops.from_crawler.__func__

    def from_crawler(cls: Any, crawler: Any, *arguments: Any, **options: Any) -> Any:
        found.append(start(cls, crawler, *arguments, **options))
        return found[-1]

    monkeypatch.setattr(NaverTops, "from_crawler", classmethod(from_crawler))
    return found


def test_scrapys_users_see_each_image_in_stats_and_signals(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], spiders: list[Any]
) -> None:
    shop.faults = {"/p/gone": lambda request: web.Response(status=404)}
    scrapy_crawl(params=params_file())
    (spider,) = spiders
    stats = spider.crawler.stats.get_stats()
    assert isinstance(spider.crawler.engine.scraper, ImageScraper)
    assert stats["item_scraped_count"] == 30
    assert stats["scheduler/enqueued"] == stats["scheduler/dequeued"] == 31
    assert stats["downloader/response_status_count/404"] == 2  # robots.txt too
    assert stats["response_received_count"] == stats["downloader/request_count"]
    assert stats["finish_reason"] == "finished"


def test_a_spider_middleware_of_a_user_sees_every_image(
    shop: Any, scrapy_crawl: Spider, params_file: Callable[..., Path], spiders: list[Any]
) -> None:
    scrapy_crawl(params=params_file(), scrapys={"SPIDER_MIDDLEWARES": {Watching: 500}})
    assert not isinstance(spiders[0].crawler.engine.scraper, ImageScraper)
    assert Watching.seen == 30


@pytest.mark.parametrize(
    ("setting", "reason"),
    [("CLOSESPIDER_ITEMCOUNT", "closespider_itemcount"), ("CLOSESPIDER_PAGECOUNT", "closespider_pagecount")],
)
def test_a_limit_of_scrapy_ends_the_crawl(
    shop: Any,
    scrapy_crawl: Spider,
    params_file: Callable[..., Path],
    spiders: list[Any],
    setting: str,
    reason: str,
) -> None:
    params = params_file(concurrent_requests=1, concurrent_per_host=1)
    scrapy_crawl(params=params, scrapys={setting: 5})
    (spider,) = spiders
    assert spider.reason == reason
    assert spider.crawler.stats.get_value("finish_reason") == reason
    assert 5 <= spider.crawl.counts.fetched + 2 < 15


def test_an_error_in_a_callback_is_an_error_of_the_spider(
    shop: Any,
    scrapy_crawl: Spider,
    params_file: Callable[..., Path],
    spiders: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def parse(self: NaverTops, response: Any, hit: Any) -> Any:
        self._lost(hit, "BROKEN_TRANSFER")
        raise RuntimeError("of the callback")

    monkeypatch.setattr(NaverTops, "parse", parse)
    shop.images = {"/p/1.jpg": b"x"}
    records = scrapy_crawl(params=params_file())
    (spider,) = spiders
    assert spider.crawler.stats.get_value("spider_exceptions/RuntimeError") == 1
    assert any("Spider error processing" in record.getMessage() for record in records)
