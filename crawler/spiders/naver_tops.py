"""The spider: searches page by page, fetches what is not in the store yet, makes data/raw of it all."""

import asyncio
import json
import logging
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from scrapy import Request, Spider

from crawler.items import FetchedPicture, FoundPicture
from crawler.middlewares import reason_of
from crawler.providers import open_provider
from crawler.raw import Tally, summary_of, write_raw
from crawler.search import Search
from crawler.settings import quieten_scrapy, settings_of
from crawler.store import Fetched, Store
from fashion_pggan.errors import UserError
from fashion_pggan.files import exclusive, write_text
from fashion_pggan.params import CrawlParams, load_params
from fashion_pggan.progress import Progress

FAILED_BY_HTTPS = frozenset({"UNREACHABLE", "BROKEN_TRANSFER", "TIMEOUT"})  # worth a try by http

log = logging.getLogger(__name__)


class NaverTops(Spider):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Crawls what params.yaml asks for.

    Args:
        params: the params file.
        target: the folder to make anew, with the pictures and records of this crawl.
        store: the folder that keeps every picture ever fetched.
        report: a JSON file for the crawl's figures; empty: none.
        judged: somebody reads `failure` and speaks of it, so it is not logged.
    """

    name = "naver_tops"
    params: CrawlParams
    store: Store
    progress: Progress

    def __init__(
        self,
        params: str = "params.yaml",
        target: str = "data/raw",
        store: str = "runs/crawl",
        report: str = "",
        judged: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.params_file, self.target, self.store_folder = Path(params), Path(target), Path(store)
        self.report_file, self.judged = report, judged
        self.failure: Exception | None = None  # the first one that ends the crawl
        self.refused = False  # by the store
        self.figures: dict[str, Any] | None = None  # of a crawl that ended well
        self.tally = Tally()
        self.began = time.monotonic()
        self.open = ExitStack()

    @classmethod
    def from_crawler(cls, crawler: Any, *arguments: Any, **options: Any) -> Self:
        """Read params.yaml, which holds settings too, while settings may still be set."""
        quieten_scrapy(crawler.settings.getpriority("LOG_LEVEL"))
        spider: Self = super().from_crawler(crawler, *arguments, **options)
        try:
            spider.params = load_params(spider.params_file).crawl
            crawler.settings.setdict(settings_of(spider.params), priority="spider")
        except UserError as error:
            spider.failure = error
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Search; yield a request for each picture to fetch, no faster than earlier ones are done with."""
        try:
            if self.failure is None:
                self._open()
                async for request in self._requests():
                    yield request
        except Exception as error:  # kept for whoever judges; a spider's own are only logged
            self.failure = self.failure or error

    def parse(self, response: Any, found: FoundPicture) -> Iterator[FetchedPicture]:
        """A picture's answer, whatever is in it: curation judges pictures."""
        if response.status == 200 and not self.refused:
            content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
            now = datetime.now(UTC).isoformat(timespec="seconds")
            yield FetchedPicture(found, Fetched(found.url, response.body, content_type, now))
        else:
            self._lost("NOT_STORED" if self.refused else f"HTTP_{response.status}")

    def lost(self, failure: Any) -> Iterator[Any]:
        """A picture's request that got no answer."""
        request, reason = failure.request, reason_of(failure.value)
        found: FoundPicture = request.cb_kwargs["found"]
        if reason in FAILED_BY_HTTPS and request.url.startswith("https:") and found.link.startswith("http:"):
            yield self._request(found, "http:" + found.url.removeprefix("https:"))
        else:
            self._lost(reason)

    def stored(self, item: FetchedPicture) -> None:
        """Called when a picture is in the store."""
        self.tally.fetched += 1
        self._done()

    def not_stored(self, error: Exception) -> None:
        """Called when the store refuses a picture: the crawl ends, as it would refuse the next one."""
        self.refused, self.failure = True, self.failure or error
        self._lost("NOT_STORED")

    def closed(self, reason: str) -> None:
        """Write the outcome; Scrapy calls this at the end, however it came."""
        try:
            if self.failure is None and reason == "finished":
                self._finish()
        except Exception as error:
            self.failure = error
        finally:
            self.open.close()
        if self.judged:
            return
        if self.failure is not None:
            log.error("error: %s", self.failure, exc_info=not isinstance(self.failure, UserError | OSError))
        elif self.figures is not None:
            log.info(summary_of(self.figures))
        else:
            log.warning("stopped; what was fetched is kept, and the next crawl goes on")

    def _open(self) -> None:
        self.open.enter_context(exclusive(self.store_folder))
        self.store = self.open.enter_context(Store(self.store_folder))
        self.provider = self.open.enter_context(open_provider(self.params, os.environ))
        self.progress = self.open.enter_context(Progress("crawl", None, "pictures"))
        self.search = Search(self.params, self.provider, self.tally, self.crawler.engine.download_async)
        self.room = asyncio.Semaphore(2 * self.params.concurrent_requests)  # pictures asked for at once

    async def _requests(self) -> AsyncIterator[Any]:
        async for found in self.search.pictures():
            self.progress.expect(self.search.expected)
            if self.store.find(found.url) is not None:
                self.tally.reused += 1
                self.progress.advance()
                continue
            await self.room.acquire()
            if self.failure is not None:
                return
            yield self._request(found, found.url)

    def _request(self, found: FoundPicture, url: str) -> Request:
        address = self.provider.address_of(url)
        meta = {"verbatim_url": True}  # a signed address is valid in one spelling
        return Request(address, errback=self.lost, cb_kwargs={"found": found}, meta=meta, dont_filter=True)

    def _lost(self, reason: str) -> None:
        self.tally.failed[reason] += 1
        self._done()

    def _done(self) -> None:
        self.room.release()
        self.progress.advance(note=f"{self.tally.failed.total()} failed" if self.tally.failed else "")

    def _finish(self) -> None:
        if not self.search.found:
            raise UserError(
                f"the search found no pictures for {', '.join(self.params.queries)}: choose other "
                "crawl.queries, or another crawl.provider"
            )
        figures = write_raw(
            self.target, self.store, self.search.found.values(), self.params.provider, self.tally
        )
        self.figures = {**figures, "seconds": round(time.monotonic() - self.began, 3)}
        if self.report_file:
            write_text(Path(self.report_file), json.dumps(self.figures, indent=1) + "\n")
