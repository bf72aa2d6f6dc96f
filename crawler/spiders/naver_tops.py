"""The spider: searches page by page, fetches what is not in the store yet, makes data/raw of it all."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider

from crawler.answer.failures import PostponedError, reason_of
from crawler.commands.preview import dry_run
from crawler.crawl import Crawl, Places
from crawler.network.addresses import canonical_url, links_by_http
from crawler.settings import quieten_scrapy, settings_of
from crawler.store.found import FetchedImage, FoundImage
from crawler.store.stored import StoredImage, reason_against
from crawler.summary import line_of, tables_of
from crawler.waiting import Waiting
from fashion_pggan.errors import UserError
from fashion_pggan.params import CrawlParams, load_params

FAILED_BY_HTTPS = ("UNREACHABLE", "BROKEN_TRANSFER", "TIMEOUT")  # worth a try by http
MAY_BE_HTTPS = (*FAILED_BY_HTTPS, "HTTP_4", "HTTP_52")  # where https serves nothing else
YES, NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")
WAITING = 16  # images that may wait, for each that may be asked for at once: hosts take turns

log = logging.getLogger(__name__)


class NaverTops(Spider):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Crawls what params.yaml asks for.

    Args:
        params: the params file.
        target: the folder to make anew, with the images and records of this crawl.
        store: the folder that keeps every image ever fetched.
        tombstones: the file of what must not be fetched.
        report: a JSON file for the crawl's figures; empty: none.
        dry_run: 1, true, yes or on: print the plan alone.
        judged: somebody reads `failure` and speaks of it, so it is not logged.
    """

    name = "naver_tops"
    params: CrawlParams
    private_hosts: frozenset[str] = frozenset()  # host:port that may be asked though they are private

    def __init__(
        self,
        params: str = "params.yaml",
        target: str = "data/raw",
        store: str = "runs/crawl",
        tombstones: str = "tombstones.jsonl",
        report: str = "",
        dry_run: str = "",
        judged: bool = False,
        **options: Any,
    ) -> None:
        super().__init__()
        self.places = Places(Path(target), Path(store), Path(tombstones), Path(report) if report else None)
        self.params_file, self.judged = Path(params), judged
        self.failure = _complaint(dry_run, options)  # the first one that ends the crawl
        self.dry_run = dry_run.lower() in YES
        self.refused = False  # by the store
        self.crawl: Crawl | None = None
        self.figures: dict[str, Any] | None = None  # of what was crawled, however it ended
        self.is_whole = False
        self.by_http: set[str] = set()  # hosts that have failed by https
        self.served_by_https: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Any, *arguments: Any, **options: Any) -> Self:
        """Read params.yaml, which holds settings too, while settings may still be set."""
        quieten_scrapy(crawler.settings.getpriority("LOG_LEVEL"))
        spider: Self = super().from_crawler(crawler, *arguments, **options)
        try:
            spider.params = load_params(spider.params_file).crawl
            crawler.settings.setdict(settings_of(spider.params), priority="spider")
        except UserError as error:
            spider.failure = spider.failure or error
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Search; yield a request for each image to fetch, no faster than earlier ones are done with."""
        try:
            if self.failure is None and self.dry_run:
                print(dry_run(self.params))
            elif self.failure is None:
                self.crawl = Crawl(self.params, self.places, self.crawler.engine.download_async)
                self.private_hosts = self.crawl.provider.private
                self.waiting = Waiting(WAITING * self.params.concurrent_requests)
                async for request in self._requests():
                    yield request
        except Exception as error:  # kept for whoever judges; a spider's own are only logged
            self.failure = self.failure or error
        if self.crawl is not None:
            await self.waiting.empty.wait()

    def parse(self, response: Any, found: FoundImage) -> Iterator[FetchedImage]:
        """An image's answer; whether it is a good one is for curation to judge."""
        assert self.crawl is not None
        if response.status == 200 and response.request.url.startswith("https:"):
            self.served_by_https.add(urlsplit(response.request.url).netloc)
        if reason := reason_against(response.status, response.body):
            yield from self._other_way_or_lost(found, response.request, reason)
        else:
            yield FetchedImage(found, self.crawl.fetched_of(found, response))

    def lost(self, failure: Any) -> Iterator[Any]:
        """An image's request that got no answer, or none yet."""
        error, request = failure.value, failure.request
        if isinstance(error, PostponedError):
            self.waiting.later(error.seconds, self.crawler.engine, error.request)
            return
        yield from self._other_way_or_lost(request.cb_kwargs["found"], request, reason_of(error))

    def stored(self, item: FetchedImage, kept: StoredImage | None) -> None:
        """Called when an image is in the store; None: its bytes have a tombstone."""
        assert self.crawl is not None
        if kept is None:
            self._lost(item.found, "FORGOTTEN")
            return
        self.crawl.tally.fetched += 1
        self.crawl.tally.fetched_bytes += kept.size
        self._done()

    def not_stored(self, found: FoundImage, error: Exception) -> None:
        """Called when the store refuses an image: the crawl ends, as it would refuse the next one."""
        self.refused, self.failure = True, self.failure or error
        self._lost(found, "NOT_STORED")

    def forbids(self, url: str) -> bool:
        """Whether a tombstone forbids an address, however a link or a redirect spells it."""
        if self.crawl is None or not self.crawl.store.tombstones.speak_of_addresses:
            return False
        try:
            return self.crawl.store.tombstones.forbid(canonical_url(self.crawl.provider.name_of(url)))
        except ValueError:  # the handler refuses it
            return False

    def closed(self, reason: str) -> None:
        """Write the outcome; Scrapy calls this at the end, however it came."""
        if self.crawl is not None:
            with closing(self.crawl):
                if self.failure is None and reason == "finished":
                    self._finish(self.crawl)
                if not self.is_whole:
                    self.figures = self.crawl.figures()
        if not self.judged:
            self._say()

    def _finish(self, crawl: Crawl) -> None:
        try:
            self.figures = crawl.finish(self.crawler.stats)
            self.is_whole = True
        except Exception as error:
            self.failure = error

    async def _requests(self) -> AsyncIterator[Any]:
        assert self.crawl is not None
        async for found in self.crawl.wanted():
            await self.waiting.enter()
            if self.failure is not None:
                self.waiting.leave()
                return
            plain = urlsplit(found.url).netloc in self.by_http and links_by_http(found.link)
            yield self._request(found, _by("http", found.url) if plain else found.url)

    def _other_way_or_lost(self, found: FoundImage, request: Request, reason: str) -> Iterator[Request]:
        """The same image by http, or https, where one fails and the other will do; else it is counted.

        A host is asked by http alone once it has failed by https, and never when it has served by https.
        """
        scheme, host = urlsplit(request.url)[:2]
        other = "http" if scheme == "https" else "https"
        tried = (*request.meta.get("tried", ()), scheme)
        blamed = FAILED_BY_HTTPS if scheme == "http" or host in self.served_by_https else MAY_BE_HTTPS
        both = found.url.startswith("https:") and links_by_http(found.link)
        if not both or other in tried or not reason.startswith(blamed):
            self._lost(found, reason)
            return
        if scheme == "http":
            self.by_http.discard(host)
        elif host not in self.served_by_https:
            self.by_http.add(host)
        yield self._request(found, _by(other, found.url), tried)

    def _request(self, found: FoundImage, url: str, tried: tuple[str, ...] = ()) -> Request:
        assert self.crawl is not None
        # a signed address is valid in one spelling
        meta: dict[str, Any] = {"image": True, "verbatim_url": True}
        if tried:
            meta["tried"] = tried
        elif url.startswith("https:") and links_by_http(found.link):
            meta["or_by_http"] = True
        address = self.crawl.provider.address_of(url)
        return Request(address, errback=self.lost, cb_kwargs={"found": found}, meta=meta, dont_filter=True)

    def _lost(self, found: FoundImage, reason: str) -> None:
        assert self.crawl is not None
        try:
            self.crawl.lost(found, reason)
        except OSError as error:  # the journal cannot be written
            self.refused, self.failure = True, self.failure or error
        finally:
            self._done()

    def _done(self) -> None:
        assert self.crawl is not None
        self.waiting.leave()
        failed = self.crawl.tally.failed.total()
        self.crawl.progress.advance(note=f"{failed} failed" if failed else "")

    def _say(self) -> None:
        if self.figures is not None and self.figures["products"]:
            log.info("%s", tables_of(self.figures))
            log.info("%s", line_of(self.figures))
        if self.failure is not None:
            log.error("error: %s", self.failure, exc_info=not isinstance(self.failure, UserError | OSError))
        elif not self.is_whole and not self.dry_run:
            log.warning("stopped; what was fetched is kept, and the next crawl goes on")


def _by(scheme: str, url: str) -> str:
    """A URL by another scheme."""
    return f"{scheme}:{url.partition(':')[2]}"


def _complaint(dry_run: str, unknown: dict[str, Any]) -> Exception | None:
    """What is wrong with the spider's arguments: a mistyped one must not start a crawl."""
    if unknown:
        known = "params, target, store, tombstones, report, dry_run"
        return UserError(f"-a {', '.join(sorted(unknown))}: no such argument: there are {known}")
    if dry_run.lower() not in YES + NO:
        return UserError(f"-a dry_run={dry_run}: give 1 or 0")
    return None
