"""The crawl's frontier: images to fetch, each URL once, from the plan's search calls or from a list."""

import asyncio
import logging
import unicodedata
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

from crawler.answer.counts import Counts
from crawler.lists.skipped import Skipped
from crawler.lists.url_list import read_urls
from crawler.network.addresses import canonical_url
from crawler.plan.journal import Journal
from crawler.plan.plan import Plan, in_part, most_of
from crawler.plan.vocabulary import QueryLabels, Vocabulary
from crawler.providers.api import ApiError, Page, Result, SearchCall, Trouble
from crawler.providers.client import FailedCallError, SearchClient
from crawler.providers.provider import NO_KEYS
from crawler.store.items import SearchHit
from crawler.store.marks import FORGOTTEN, digest_of, is_forgotten, mark_of
from fashion_pggan.params import CrawlParams

STRANGE, STRANGE_RESULTS = 2, 10  # answers in a row, and results in them, without one address: the crawl ends
URLS_AT_ONCE = 500  # rows of a list, before downloads get a turn

log = logging.getLogger(__name__)


class ResultFilter:
    """Decides which results become hits; counts the others by reason.

    Args:
        params: how many images, how large.
        counts: where it counts results that it leaves out.
        forbid: whether a tombstone forbids a canonical URL.
        vocabulary: has words that keep a result out, and labels; None: neither.
    """

    def __init__(
        self,
        params: CrawlParams,
        counts: Counts,
        forbid: Callable[[str], bool],
        vocabulary: Vocabulary | None = None,
    ) -> None:
        self.params, self.counts, self.forbid = params, counts, forbid
        self.not_in_title = tuple(map(_plain, vocabulary.not_in_title if vocabulary else ()))
        self.labels = QueryLabels(params.query_labels, vocabulary)
        self.votes: dict[str, dict[str, str]] = defaultdict(dict)  # labels by query, by canonical URL
        self.hits: dict[str, SearchHit] = {}  # by canonical URL, in the order of the search
        self.dropped: set[bytes] = set()  # marks of URLs that were left out
        self.most = most_of(params)

    @property
    def is_full(self) -> bool:
        """Whether there are as many hits as `max_products` asks for."""
        return len(self.hits) >= self.most

    def knows(self, url: str) -> bool:
        """Whether a canonical URL came before."""
        return url in self.hits or mark_of(url) in self.dropped

    def accept(
        self, result: Result, url: str, query: str, plan_query: str, label: str = ""
    ) -> SearchHit | None:
        """The hit of a result; None when its URL is known or the result is unwanted.

        Args:
            result: of the search.
            url: its canonical URL.
            query: that found it.
            plan_query: the query with sort and size filter.
            label: of the image; empty: that of the query.
        """
        if not label and url in self.hits:
            self._vote(url, query)
        if self.is_full or self.knows(url):
            return None
        if reason := self._unwanted(result, url):
            self.counts.left_out[reason] += 1
            self.dropped.add(mark_of(url))
            return None
        self.hits[url] = SearchHit(
            url,
            result.link if result.link != url else url,  # one string for equal ones
            result.title,
            query,
            plan_query,
            result.rank,
            result.width,
            result.height,
            result.source,
            label,
        )
        if not label:
            self._vote(url, query)
        return self.hits[url]

    def _vote(self, url: str, query: str) -> None:
        """Count the label that a query gives to a hit; it has the most frequent, or the first of them."""
        if (label := self.labels.of(query)) and query not in self.votes[url]:
            self.votes[url][query] = label
            most = Counter(self.votes[url].values()).most_common()
            votes = ", ".join(f"{name} {count}" for name, count in most)
            self.hits[url] = replace(self.hits[url], label=most[0][0], label_votes=votes)

    def without_forgotten(self, page: Page | None) -> Page | None:
        """The page as it may be written to disk: only a mark remains of a result with a tombstone."""
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


class PlanFrontier:
    """The hits of a plan; it makes the next search call only when its reader wants more hits."""

    def __init__(
        self, plan: Plan, journal: Journal, client: SearchClient, results: ResultFilter, counts: Counts
    ) -> None:
        self.plan, self.journal, self.client = plan, journal, client
        self.results, self.counts = results, counts
        self.strange: list[Page] = []  # answers in a row without one usable result
        self.understood = False  # whether an answer had one

    async def hits(self) -> AsyncIterator[SearchHit]:
        """Yield each image of the plan once, up to `max_products`.

        Raises:
            UserError: the search API has stopped answering; part of a crawl must not pass as a complete one.
        """
        while not self.results.is_full and (call := self.plan.next()):
            page = await self._answer(call)
            self.counts.pages += 1
            found = [(result, _url_of(result.link)) for result in page.results] if page else []
            marks = [mark_of(url) for _, url in found if url]
            self._understand(call, page, bool(marks))
            if page is not None and not self.plan.repeats(marks):
                self._count_useless(page, len(marks))
            self.plan.answered(page, marks)
            plan_query = str(call)  # one string for all hits of a page, which stay in memory
            for result, url in found:
                if url and (hit := self.results.accept(result, url, call.query, plan_query)):
                    yield hit

    @property
    def expected(self) -> int:
        """An estimate of all hits."""
        page = self.client.api.page
        return min(self.results.most, len(self.results.hits) + page * (1 + self.plan.calls_left))

    async def _answer(self, call: SearchCall) -> Page | None:
        if self.journal.has(call):
            await asyncio.sleep(0)  # so that downloads continue while a long journal is read
            if reason := self.journal.reason_against(call):
                self.counts.add_failed_call(call.page, reason)
            return self.journal.answer_to(call)
        try:
            return self.results.without_forgotten(await self.client.page(call))
        except FailedCallError:
            if not self._is_given_up(call):
                raise
            return None

    def _is_given_up(self, call: SearchCall) -> bool:
        """Whether as many runs as `crawl.tries` failed at a call, while others were answered."""
        runs = self.journal.failed(self.client.api.request_of(call, NO_KEYS).url, "FAILED_CALL")
        if runs < self.results.params.tries or not self.understood:
            return False
        self.counts.add_failed_call(call.page, "FAILED_CALL")
        log.warning("leaving out %s: %d runs failed at it", call.page, runs)
        return True

    def _understand(self, call: SearchCall, page: Page | None, usable: bool) -> None:
        """Write an answer into the journal, unless it is not understood: the next run asks again.

        Raises:
            UserError: answers in a row hold results, and none with an address, or no list of results.
        """
        if page is not None and page.damaged:
            self.counts.add_failed_call(call.page, "DAMAGED_ANSWER")
        if page is None or usable or not (page.returned or page.shape):
            if usable:
                self.strange, self.understood = [], True
            if not self.journal.has(call):
                self.journal.answered(call, page, dict(self.counts.failed_calls).get(call.page, ""))
            return
        self.strange.append(page)
        weight = sum(each.returned or STRANGE_RESULTS for each in self.strange)
        is_first = not page.returned and not self.understood
        if is_first or (len(self.strange) >= STRANGE and weight >= STRANGE_RESULTS):
            self.client.stop(ApiError(Trouble.SHAPE, 200, "", page.shape))
        if not page.returned or page.returned >= STRANGE_RESULTS:
            self.counts.add_failed_call(call.page, "ODD_ANSWER")
            what = "its results hold no address, such as" if page.returned else "the answer is"
            log.warning("leaving out %s: %s %s", call.page, what, page.shape)

    def _count_useless(self, page: Page, usable: int) -> None:
        """Count the results without an address, or with one that cannot be requested."""
        counts = {
            "NO_ADDRESS": page.returned - len(page.results),
            "BAD_ADDRESS": len(page.results) - usable,
        }
        self.counts.left_out.update({reason: count for reason, count in counts.items() if count})


class ListFrontier:
    """The URLs of a list, in their order."""

    def __init__(self, path: Path, results: ResultFilter, counts: Counts) -> None:
        self.path, self.results, self.counts = path, results, counts
        self.has_more = False  # URLs after the last hit
        self.skipped = Skipped(path, results.params.max_skipped)

    async def hits(self) -> AsyncIterator[SearchHit]:
        """Yield each image of this part of the list once, up to `max_products`.

        Raises:
            UserError: the list cannot be read, or too many of its rows are skipped.
        """
        try:
            async for hit in self._hits():
                yield hit
        finally:
            self.counts.left_out.update(self.skipped.counts)
            self.skipped.report()
        self.skipped.check()

    async def _hits(self) -> AsyncIterator[SearchHit]:
        for result in read_urls(self.path, self.skipped):
            if self.results.is_full:
                self.has_more = True
                return
            if result.rank % URLS_AT_ONCE == 0:
                await asyncio.sleep(0)
            try:
                url = canonical_url(result.link)
            except ValueError:
                self.skipped.add(result.rank + self.skipped.header, "BAD_ADDRESS", result.link)
                continue
            if not in_part(url, self.results.params.part):
                continue
            if self.results.knows(url):
                self.counts.left_out["DUPLICATE"] += 1
            elif hit := self.results.accept(result, url, str(self.path), str(self.path), result.label):
                yield hit

    @property
    def expected(self) -> int | None:
        """Unknown until the list is read."""
        return None


def _url_of(link: str) -> str:
    """The canonical URL of a link; empty when it has none."""
    if is_forgotten(link):
        return link
    try:
        return canonical_url(link)
    except ValueError:
        return ""


def _plain(text: str) -> str:
    """Text in one form for comparing words: titles spell Hangul in letters or in syllables."""
    return unicodedata.normalize("NFC", text).casefold()
