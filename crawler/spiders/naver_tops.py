"""The spider: it searches page by page, fetches images that the store lacks, and makes data/raw."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Self

from scrapy import Request, Spider

from crawler.answer.failures import PostponedError, reason_of
from crawler.answer.header import size_of
from crawler.commands.preview import dry_run
from crawler.network.addresses import canonical_url, canonical_with_signature
from crawler.network.context import DownloadContext, set_download_context
from crawler.network.ways import SMALLER, Ways
from crawler.session.crawl import Crawl
from crawler.session.crawl_places import Places
from crawler.session.figures import line_of, tables_of
from crawler.session.previews import is_smaller, larger_of, side_of
from crawler.spiders.image_scraper import shorten
from crawler.spiders.pending import PendingRequests
from crawler.spiders.scrapy_options import (
    YES,
    QuickCrawl,
    complaint_about,
    feed_in_the_way,
    left_out_part,
    without_job_folder,
    wrong_setting,
)
from crawler.spiders.settings import escape_log, quieten_scrapy, settings_of
from crawler.store.items import FetchedImage, SearchHit
from crawler.store.pipeline import StoreContext, set_store_context
from crawler.store.stored import StoredImage, reason_against
from fashion_pggan.errors import UserError, file_error
from fashion_pggan.params import CrawlParams, load_params

SLOTS = 16  # pending images for each concurrent request, so that hosts take turns

log = logging.getLogger(__name__)


class NaverTops(Spider):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Crawls what params.yaml asks for.

    Args:
        params: the params file.
        target: the folder to make, with the images and records of this crawl; replaced as a whole. Without it
            data/raw, and data/quick for a crawl by `query` or `max`.
        store: the folder that keeps every image ever fetched.
        tombstones: the file that names what must not be fetched.
        report: a JSON file for the crawl's figures; empty: none.
        dry_run: 1, true, yes or on: print the plan and stop.
        query: a search in place of crawl.queries and crawl.vocabulary.
        max: image addresses, in place of crawl.max_products.
        judged: the caller reads `failure` and reports it, so the spider does not log it.
    """

    name = "naver_tops"
    params: CrawlParams

    def __init__(
        self,
        params: str = "params.yaml",
        target: str | None = None,
        store: str = "runs/crawl",
        tombstones: str = "tombstones.jsonl",
        report: str = "",
        dry_run: str = "",
        judged: bool = False,
        **options: Any,
    ) -> None:
        super().__init__()
        self.quick = QuickCrawl(options.pop("query", None), options.pop("max", None))
        target = self.quick.default_target() if target is None else target
        made = Path(report) if report else None
        self.places = Places(Path(target), Path(store), Path(tombstones), made, self.quick.failed_name)
        self.params_file, self.judged = Path(params), judged
        paths = {"params": params, "target": target, "store": store, "tombstones": tombstones}
        paths |= {"report": report} if report else {}
        self.failure = complaint_about(dry_run, paths, options)  # the first one that ends the crawl
        self.dry_run = dry_run.lower() in YES
        self.is_full = False  # the store, or the journal, cannot be written
        self.crawl: Crawl | None = None
        self.figures: dict[str, Any] | None = None  # of the crawl, whether it succeeded or failed
        self.is_whole = False
        self.reason = ""  # why Scrapy has closed the spider
        self.ways = Ways()

    @classmethod
    def from_crawler(cls, crawler: Any, *arguments: Any, **options: Any) -> Self:
        """Read params.yaml, which holds some of Scrapy's settings, while they may still change."""
        quieten_scrapy(crawler.settings.getpriority("LOG_LEVEL"))
        spider: Self = super().from_crawler(crawler, *arguments, **options)
        spider.failure = spider.failure or without_job_folder(crawler.settings)
        spider.failure = spider.failure or left_out_part(crawler.settings)
        read = [str(spider.params_file)]
        try:
            spider.params = spider.quick.params_of(load_params(spider.params_file).crawl)
            read += [spider.params.url_list, spider.params.vocabulary]
            ours = settings_of(spider.params)
            crawler.settings.setdict(ours, priority="spider")
            spider.failure = spider.failure or wrong_setting(crawler.settings, ours)
        except (UserError, OSError) as error:
            spider.failure = spider.failure or error
        spider.failure = spider.failure or feed_in_the_way(crawler.settings, spider.places, read)
        if spider.failure is not None:
            crawler.settings.set("FEEDS", {}, priority="cmdline")  # a refused crawl replaces no feed
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Search, and yield a request for each image to fetch, no faster than earlier ones end."""
        escape_log(self.crawler.settings)
        try:
            if self.failure is None and self.dry_run:
                print(dry_run(self.params))
            elif self.failure is None:
                self.crawl = self._open()
                async for request in self._requests():
                    yield request
        except Exception as error:  # kept for the caller; Scrapy would only log it
            self.failure = self.failure or error
        if self.crawl is not None:
            await self.pending.empty.wait()

    def parse(self, response: Any, hit: SearchHit | None = None) -> Iterator[Any]:
        """Hand on the image of a response; curation judges whether it is a good one."""
        if self.crawl is None or hit is None:  # as `scrapy parse` does
            self.failure = UserError(f"{response.url} is of no search: add it to a list, and crawl that")
            return
        request = response.request
        content_range = response.headers.get("Content-Range") or b""
        if reason := reason_against(response.status, response.body, content_range):
            yield from self._asked_again_or_lost(hit, request, reason)
            return
        asked = request.meta["asked"]
        self.ways.served(asked[-1])
        image = FetchedImage(hit, self.crawl.fetched_of(hit, response))
        smaller = is_smaller(size_of(response.body), side_of(hit))
        if smaller and (url := self.ways.next(hit.link, asked, SMALLER)):
            yield self._request(hit, url, asked, image)
        else:
            yield larger_of(image, request.meta.get("smaller"))

    def failed(self, failure: Any) -> Iterator[Any]:
        """Handle a request without a response, or one that is postponed."""
        error, request = failure.value, failure.request
        if isinstance(error, PostponedError):
            self.pending.postpone(error.call_when_due, self.crawler.engine, error.request)
            return
        if isinstance(error, asyncio.CancelledError):  # the crawl is stopped: the next run fetches the image
            self.pending.leave()
            return
        yield from self._asked_again_or_lost(request.cb_kwargs["hit"], request, reason_of(error))

    def stored(self, item: FetchedImage, kept: StoredImage | None) -> None:
        """Count an image that the store has; None: its bytes have a tombstone."""
        assert self.crawl is not None
        if kept is None:
            self._lost(item.hit, "FORGOTTEN")
            return
        self.crawl.counts.fetched += 1
        self.crawl.counts.fetched_bytes += kept.size
        self.crawl.progress.advance()
        self.pending.leave()

    def not_stored(self, hit: SearchHit, error: Exception) -> None:
        """End the crawl: the store refuses an image and would refuse the next one."""
        self._full(error)
        self._lost(hit, "NOT_STORED")

    def is_forbidden(self, url: str) -> bool:
        """Whether a tombstone forbids a URL in any spelling."""
        if self.crawl is None or not self.crawl.store.tombstones.name_addresses:
            return False
        forbid, named = self.crawl.store.tombstones.forbid, self.crawl.provider.name_of(url)
        try:
            return forbid(canonical_url(named)) or forbid(canonical_with_signature(named))
        except ValueError:  # the download handler refuses it
            return False

    def closed(self, reason: str) -> None:
        """Write the outcome; Scrapy calls this at the end of every crawl."""
        self.reason = reason
        try:
            if self.crawl is not None:
                self._end(self.crawl)
        except Exception as error:  # kept for the caller; Scrapy would log a traceback
            self.failure = self.failure or error
        if not self.judged:
            self._report()

    def _open(self) -> Crawl:
        crawl = Crawl(self.params, self.places, self.crawler.engine.download_async)
        private_hosts = crawl.provider.private
        set_download_context(
            self.crawler, DownloadContext(private_hosts, self.is_forbidden, lambda: self.is_full)
        )
        set_store_context(
            self.crawler, StoreContext(crawl.store.keep, self.stored, self.not_stored, crawl.record)
        )
        self.pending = PendingRequests(SLOTS * self.params.concurrent_requests)
        shorten(self.crawler.engine)
        return crawl

    def _end(self, crawl: Crawl) -> None:
        with closing(crawl):
            if self.failure is None and self.reason == "finished":
                self._finish(crawl)
            if not self.is_whole:
                self.figures = crawl.figures()

    def _finish(self, crawl: Crawl) -> None:
        try:
            self.figures = crawl.finish(self.crawler.stats)
            self.is_whole = True
        except Exception as error:
            self.failure = error

    async def _requests(self) -> AsyncIterator[Any]:
        assert self.crawl is not None
        has_feeds = bool(self.crawler.settings.get("FEEDS"))
        async for hit in self.crawl.missing(with_stored=has_feeds):
            if not isinstance(hit, SearchHit):
                yield hit  # an item, for feeds
                continue
            await self.pending.enter()
            if self.failure is not None:
                self.pending.leave()
                return
            yield self._request(hit, self.ways.first(hit.link))
        async for hit in self.crawl.renewed(self.pending.empty.wait):
            await self.pending.enter()
            if self.failure is not None:
                self.pending.leave()
                return
            yield self._request(hit, self.ways.first(hit.link))

    def _asked_again_or_lost(self, hit: SearchHit, request: Request, reason: str) -> Iterator[Any]:
        """Request the image at another URL where that may help; otherwise count the failure."""
        asked, smaller = request.meta["asked"], request.meta.get("smaller")
        url = self.ways.next(hit.link, asked, reason)
        assert self.crawl is not None
        if url is not None:
            yield self._request(hit, url, asked, smaller)
        elif smaller is not None:
            yield smaller
        else:
            if not_before := request.meta.get("not_before"):
                self.crawl.counts.put_off[hit.url] = not_before
            self._lost(hit, reason)

    def _request(
        self, hit: SearchHit, url: str, asked: tuple[str, ...] = (), smaller: FetchedImage | None = None
    ) -> Request:
        """A request for an image.

        Args:
            hit: the search result.
            url: one of the image's.
            asked: those that were requested before.
            smaller: the image as one of them served it, smaller than its link says.
        """
        assert self.crawl is not None
        # a signed address is valid in one spelling
        meta: dict[str, Any] = {"image": True, "verbatim_url": True, "asked": (*asked, url)}
        if smaller is not None:
            meta["smaller"] = smaller
        if self.ways.may_be_the_scheme(url):
            meta["or_by_https"] = True
        address = self.crawl.provider.address_of(url)
        return Request(address, errback=self.failed, cb_kwargs={"hit": hit}, meta=meta, dont_filter=True)

    def _lost(self, hit: SearchHit, reason: str) -> None:
        assert self.crawl is not None
        try:
            self.crawl.lost(hit, reason)
        except OSError as error:  # the journal cannot be written
            self._full(error)
        finally:
            self.pending.leave()

    def _full(self, error: Exception) -> None:
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(self.places.store)
        self.is_full, self.failure = True, self.failure or error

    def _report(self) -> None:
        if self.figures is not None and self.figures["products"]:
            for line in tables_of(self.figures):
                log.info("%s", line)
            log.info("%s", line_of(self.figures))
        if self.failure is not None:
            text = file_error(self.failure) if isinstance(self.failure, OSError) else self.failure
            log.error("error: %s", text, exc_info=not isinstance(self.failure, UserError | OSError))
        elif not self.is_whole and not self.dry_run:
            log.warning("stopped: fetched images are kept, and the next crawl resumes")
