"""The search calls of a crawl, one after the other: pictures out, each address once."""

import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from scrapy import Request

from crawler import naver
from crawler.addresses import canonical_url
from crawler.items import FoundPicture
from crawler.middlewares import reason_of
from crawler.plan import first_calls, following, results_left
from crawler.providers import Provider, advice_on
from crawler.raw import Tally
from fashion_pggan.errors import UserError
from fashion_pggan.params import CrawlParams

ANSWER_BYTES = 8 * 1024 * 1024  # the longest answer that is read

log = logging.getLogger(__name__)


class Search:
    """Asks page by page, only when its reader wants more pictures.

    Args:
        params: what to search for.
        provider: whom to ask.
        tally: where calls and what cannot be used are counted.
        download: makes a Scrapy request, through the downloader's middlewares.
    """

    def __init__(
        self,
        params: CrawlParams,
        provider: Provider,
        tally: Tally,
        download: Callable[[Request], Awaitable[Any]],
    ) -> None:
        self.params, self.provider, self.tally, self.download = params, provider, tally, download
        self.calls = deque(first_calls(params.queries, params.sort, params.filter))
        self.totals: dict[str, int] = {}  # what the API says each query has
        self.found: dict[str, FoundPicture] = {}  # by canonical URL, in the order found
        self.expected: int | None = None  # pictures in all, as far as the totals can be believed

    async def pictures(self) -> AsyncIterator[FoundPicture]:
        """Every distinct picture of every query, pages of the queries in turn, up to `max_products`.

        Raises:
            UserError: the API answers no more: a part would pass for the whole.
        """
        while self.calls and len(self.found) < self.params.max_products:
            call = self.calls.popleft()
            page = await self._page(call)
            if page is None:
                continue
            self._plan_on(call, page)
            for picture in self._new(call.query, page):
                yield picture

    def _plan_on(self, call: naver.SearchCall, page: naver.Page) -> None:
        after = following(call, page)
        if after is not None:
            self.calls.append(after)
        self.totals[call.query] = page.total
        left = sum(results_left(call, self.totals.get(call.query, naver.WINDOW)) for call in self.calls)
        self.expected = min(self.params.max_products, len(self.found) + page.returned + left)

    def _new(self, query: str, page: naver.Page) -> Iterator[FoundPicture]:
        for result in page.results:
            if len(self.found) == self.params.max_products:
                return
            try:
                url = canonical_url(result.link)
            except ValueError:
                self.tally.failed["BAD_ADDRESS"] += 1
                continue
            if url not in self.found:
                self.found[url] = FoundPicture(
                    url, result.link, result.title, query, result.rank, result.width, result.height
                )
                yield self.found[url]

    async def _page(self, call: naver.SearchCall) -> naver.Page | None:
        """One answer; None when the API has nothing (more) for this query alone."""
        asked = naver.request_of(call, self.provider.platform, self.provider.keys)
        meta = {
            "search": True,
            "dont_redirect": True,  # the keys go nowhere else
            "dont_obey_robotstxt": True,  # a key is the permission
            "download_maxsize": ANSWER_BYTES,
        }
        request = Request(asked.url, headers=asked.headers, meta=meta, dont_filter=True)
        try:
            response = await self.download(request)
        except Exception as error:
            raise UserError(
                f"the search API at {self.provider.platform.address} does not answer ({reason_of(error)}): "
                "check the network and run again; what was fetched is kept"
            ) from error
        self.tally.calls += 1 + response.meta.get("retry_times", 0)
        answer = naver.answer_of(response.status, response.body, call.start)
        if isinstance(answer, naver.Page):
            return answer
        if answer.trouble not in naver.OF_ONE_QUERY:
            raise UserError(f"{advice_on(answer, self.provider.keys)}; what was fetched is kept")
        if answer.trouble is naver.Trouble.QUERY:
            self.tally.failed["BAD_QUERY"] += 1
            log.warning("the query %r is left out: %s", call.query, self.provider.keys.hidden_in(str(answer)))
        return None
