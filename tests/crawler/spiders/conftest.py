"""The spider as Scrapy starts it."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings

from crawler.spiders.naver_tops import NaverTops

Spider = Callable[..., list[logging.LogRecord]]


@pytest.fixture
def scrapy_crawl(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Spider:
    """Runs the spider as `scrapy crawl -a NAME=VALUE` does, in this process; returns what it logs."""

    def run(*, scrapys: dict[str, Any] | None = None, **options: object) -> list[logging.LogRecord]:
        async def crawl() -> None:
            settings = Settings()
            settings.setmodule("crawler.spiders.settings", priority="project")
            settings.setdict(scrapys or {}, priority="cmdline")
            given = {"target": tmp_path / "raw", "store": tmp_path / "store", **options}
            await AsyncCrawlerRunner(settings).crawl(
                NaverTops, **{name: str(value) for name, value in given.items()}
            )

        asyncio.run(crawl())
        return caplog.records

    return run
