"""A crawl's images, one after the other, each address once: from the plan's calls, or from a list."""

import asyncio
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from pathlib import Path

from crawler.network.addresses import FORGOTTEN, canonical_url, digest_of, is_forgotten, mark_of
from crawler.plan.journal import Journal
from crawler.plan.plan import Plan, in_part, most_of
from crawler.providers.api import Page, Result, SearchCall
from crawler.providers.ask import Asker
from crawler.providers.url_list import read_urls
from crawler.store.found import FoundImage
from crawler.tally import Tally
from fashion_pggan.params import CrawlParams

AT_ONCE = 500  # addresses of a list that are read without a pause


class Finds:
    """Which results become images; the others are counted.

    Args:
        params: how many, how large.
        tally: where results that are left out are counted.
        forbid: whether a canonical URL must not be fetched.
        not_in_title: words that keep a result out.
    """

    def __init__(
        self,
        params: CrawlParams,
        tally: Tally,
        forbid: Callable[[str], bool],
        not_in_title: Iterable[str] = (),
    ) -> None:
        self.params, self.tally, self.forbid = params, tally, forbid
        self.not_in_title = tuple(map(_plain, not_in_title))
        self.found: dict[str, FoundImage] = {}  # by canonical URL, in the order found
        self.dropped: set[bytes] = set()  # marks of those that were left out
        self.most = most_of(params)

    @property
    def enough(self) -> bool:
        """Whether there are as many as were asked for."""
        return len(self.found) >= self.most

    def new(self, result: Result, url: str, query: str, plan_query: str) -> FoundImage | None:
        """The image of a result, when it is new and wanted."""
        if url in self.found or self.enough or mark_of(url) in self.dropped:
            return None
        if reason := self._unwanted(result, url):
            self.tally.left_out[reason] += 1
            self.dropped.add(mark_of(url))
            return None
        self.found[url] = FoundImage(
            url,
            result.link if result.link != url else url,  # one text of equal ones
            result.title,
            query,
            plan_query,
            result.rank,
            result.width,
            result.height,
            result.source,
        )
        return self.found[url]

    def without_forgotten(self, page: Page | None) -> Page | None:
        """A page as it may be written down: what has a tombstone leaves its mark alone."""
        if page is None:
            return None
        return replace(page, results=tuple(self._nameless(result) for result in page.results))

    def _nameless(self, result: Result) -> Result:
        try:
            url = canonical_url(result.link)
        except ValueError:
            return result
        if not self.forbid(url):
            return result
        return replace(result, title="", link=FORGOTTEN + digest_of(url), source="")

    def _unwanted(self, result: Result, url: str) -> str:
        if is_forgotten(url) or self.forbid(url):
            return "FORGOTTEN"
        title = _plain(result.title)
        if any(word in title for word in self.not_in_title):
            return "TITLE"
        if result.width and result.height and min(result.width, result.height) < self.params.min_side:
            return "DECLARED_TOO_SMALL"
        return ""


class Search:
    """Asks page by page, only when its reader wants more images."""

    def __init__(self, plan: Plan, journal: Journal, asker: Asker, finds: Finds, tally: Tally) -> None:
        self.plan, self.journal, self.asker, self.finds, self.tally = plan, journal, asker, finds, tally

    async def images(self) -> AsyncIterator[FoundImage]:
        """Every distinct image of the plan, up to `max_products`.

        Raises:
            UserError: the API answers no more: a part would pass for the whole.
        """
        while not self.finds.enough and (call := self.plan.next()):
            page = await self._answer(call)
            self.tally.pages += 1
            results = [(result, self._address_of(result.link)) for result in page.results] if page else []
            self.plan.answered(page, [mark_of(url) for _, url in results if url])
            plan_query = str(call)  # one text for a page's images, which are kept to the end
            for result, url in results:
                if url and (found := self.finds.new(result, url, call.query, plan_query)):
                    yield found

    @property
    def expected(self) -> int:
        """Images in all, as far as the plan can be believed."""
        page = self.asker.api.page
        return min(self.finds.most, len(self.finds.found) + page * (1 + self.plan.calls_left))

    async def _answer(self, call: SearchCall) -> Page | None:
        if self.journal.has(call):
            await asyncio.sleep(0)  # answers by the thousand leave room for downloads
            return self.journal.answer_to(call)
        page = self.finds.without_forgotten(await self.asker.page(call))
        self.journal.answered(call, page)
        return page

    def _address_of(self, link: str) -> str:
        """The canonical URL of a link; empty, and counted, when it has none."""
        if is_forgotten(link):
            return link
        try:
            return canonical_url(link)
        except ValueError:
            self.tally.left_out["BAD_ADDRESS"] += 1
            return ""


class ListSearch:
    """The addresses of a list, in their order."""

    def __init__(self, path: Path, finds: Finds, tally: Tally) -> None:
        self.path, self.finds, self.tally = path, finds, tally
        self.left = False  # addresses behind the last image that was wanted

    async def images(self) -> AsyncIterator[FoundImage]:
        """Every distinct image of this part of the list, up to `max_products`.

        Raises:
            UserError: the list cannot be read.
        """
        for result in read_urls(self.path):
            if self.finds.enough:
                self.left = True
                return
            if result.rank % AT_ONCE == 0:
                await asyncio.sleep(0)  # a long list leaves room for downloads
            try:
                url = canonical_url(result.link)
            except ValueError:
                self.tally.left_out["BAD_ADDRESS"] += 1
                continue
            if not in_part(url, self.finds.params.part):
                continue
            if found := self.finds.new(result, url, str(self.path), str(self.path)):
                yield found

    @property
    def expected(self) -> int | None:
        """Nobody knows before the list is read."""
        return None


def _plain(text: str) -> str:
    """Text as words are looked for in it: Hangul may come in letters or in syllables."""
    return unicodedata.normalize("NFC", text).casefold()
