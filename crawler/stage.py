"""The crawl stage: it runs the spider in this process, raises its failure and obeys signals."""

import asyncio
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings

from crawler.session.figures import tables_of
from crawler.spiders.naver_tops import NaverTops

log = logging.getLogger(__name__)

STOP_S = 5.0  # seconds for running downloads after the first signal
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(
    target: Path,
    *,
    params: Path,
    store: Path,
    report: Path | None,
    tombstones: Path = Path("tombstones.jsonl"),
    verbose: bool = False,
) -> dict[str, Any]:
    """Crawl by `params` and make `target`: images and records.parquet.

    Args:
        target: the folder to make; a failed crawl leaves it as it was.
        params: the params file.
        store: the folder that keeps every image ever fetched.
        report: a JSON file for the figures, or None.
        tombstones: the file that names what must not be fetched.
        verbose: show Scrapy's log from INFO on.

    Returns:
        The figures of the report.

    Raises:
        UserError: something that a person can correct; fetched images are kept.
        OSError: the store or the target cannot be written.
    """
    places = {"params": params, "target": target, "store": store, "tombstones": tombstones}
    options = {name: str(place) for name, place in places.items()} | {"report": str(report or "")}
    with _signals_as_they_were():
        spider, number = asyncio.run(_crawl({**options, "judged": True}, verbose))
    if spider.failure is not None or number is not None:
        if spider.figures is not None and spider.figures["products"]:
            for line in tables_of(spider.figures):
                log.info("%s", line)
        if number is not None:
            sys.exit(128 + number)
        raise spider.failure
    figures: dict[str, Any] = spider.figures
    return figures


async def _crawl(options: dict[str, Any], verbose: bool) -> tuple[Any, int | None]:
    """Run the spider; returns it, and the signal that ended it or None."""
    settings = Settings()
    settings.setmodule("crawler.spiders.settings", priority="project")
    if verbose:
        settings.set("LOG_LEVEL", "INFO", priority="cmdline")
    runner = AsyncCrawlerRunner(settings)
    crawler = runner.create_crawler(NaverTops)
    loop = asyncio.get_running_loop()
    signalled: asyncio.Future[int] = loop.create_future()
    for number in SIGNALS:
        loop.add_signal_handler(number, _on_signal, signalled, number)
    crawl = runner.crawl(crawler, **options)
    await asyncio.wait({crawl, signalled}, return_when=asyncio.FIRST_COMPLETED)
    if not signalled.done():
        await crawl
        return crawler.spider, None
    await asyncio.wait({asyncio.ensure_future(runner.stop())}, timeout=STOP_S)
    return crawler.spider, signalled.result()


def _on_signal(signalled: "asyncio.Future[int]", number: int) -> None:
    if signalled.done():  # a second signal ends at once
        sys.exit(128 + number)
    signalled.set_result(number)


@contextmanager
def _signals_as_they_were() -> Iterator[None]:
    """Restore the handlers of SIGINT and SIGTERM: the event loop leaves the system's defaults."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
