"""The crawl's frontier: images to fetch, each URL once, from the plan's search calls or from a list."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from crawler.answer.counts import FAILED_CALL, ODD_ANSWER, Counts
from crawler.lists.skipped import NAMED, Said, Skipped, SkippedRow, skipped_row
from crawler.lists.url_list import Listed, read_urls
from crawler.plan.journal import Journal
from crawler.plan.plan import Plan, in_part
from crawler.plan.setbacks import Setbacks
from crawler.providers.api import ApiError, Page, Result, SearchCall, Trouble
from crawler.providers.client import FailedCallError, SearchClient
from crawler.providers.provider import NO_KEYS
from crawler.session.result_filter import ResultFilter
from crawler.store.items import SearchHit
from crawler.store.marks import is_forgotten, mark_of

USELESS = 10  # results in a row without an address that can be requested: the answer is not understood
TWO_LABELS = "an address with another label than before (most rows decide)"
URLS_AT_ONCE = 500  # rows of a list, before downloads get a turn


class PlanFrontier:
    """The hits of a plan; it makes the next search call only when its reader wants more hits."""

    def __init__(
        self, plan: Plan, journal: Journal, client: SearchClient, results: ResultFilter, counts: Counts
    ) -> None:
        self.plan, self.journal, self.client = plan, journal, client
        self.results, self.counts = results, counts
        self.setbacks = Setbacks(journal, counts, results.params.tries)
        self.useless = 0  # results in a row without an address that can be requested
        self.named: list[SkippedRow] = []  # results with an address that cannot be requested

    async def hits(self) -> AsyncIterator[SearchHit]:
        """Yield each image of the plan once, up to `max_products`.

        Raises:
            UserError: the search API has stopped answering; part of a crawl must not pass as a complete one.
        """
        while not self.results.is_full and (call := self.plan.next()):
            page = await self._answer(call)
            self.counts.pages += 1
            found = [(result, self._url_of(result)) for result in page.results] if page else []
            marks = [mark_of(url) for _, url in found if url]
            if page is not None and not self._understands(call, page, bool(marks)):
                page, found = None, []
            if page is not None and not self.plan.repeats(marks):
                self._count_useless(page, [result for result, url in found if not url])
            self.plan.answered(page, marks)
            plan_query = str(call)  # one string for all hits of a page, which stay in memory
            for result, url in found:
                if url and (hit := self.results.accept(result, url, call.query, plan_query)):
                    yield hit
        if not self.results.is_full:
            self.setbacks.check()

    @property
    def expected(self) -> int:
        """An estimate of all hits."""
        page = self.client.api.page
        return min(self.results.most, len(self.results.hits) + page * (1 + self.plan.calls_left))

    @property
    def calls_left(self) -> int:
        """The calls that the next run makes, as far as known."""
        return 0 if self.results.is_full else self.plan.calls_left + len(self.setbacks.waiting)

    async def _answer(self, call: SearchCall) -> Page | None:
        """The answer to a call; None where it brings nothing, and another call is next."""
        if self.journal.has(call):
            await asyncio.sleep(0)  # so that downloads continue while a long journal is read
            if reason := self.journal.reason_against(call):
                self.counts.add_failed_call(call.page, reason)
            return self.journal.answer_to(call)
        try:
            page = self.results.without_forgotten(await self.client.page(call))
        except FailedCallError as error:
            self.setbacks.add(call, self._name_of(call), FAILED_CALL, "", error)
            return None
        if page is None:
            self.journal.answered(call, None, dict(self.counts.failed_calls).get(call.page, ""))
        return page

    def _url_of(self, result: Result) -> str:
        """What a result's image is known by; empty where it has no address."""
        if is_forgotten(result.link):
            return result.link
        try:
            return self.results.url_of(result)
        except ValueError:
            return ""

    def _name_of(self, call: SearchCall) -> str:
        return self.client.api.request_of(call, NO_KEYS).url

    def _understands(self, call: SearchCall, page: Page, usable: bool) -> bool:
        """Whether an answer is understood; then write it into the journal, unless it came from there.

        Raises:
            UserError: too many answers in a row hold results, and none with an address, or hold no list.
        """
        self.useless = 0 if usable else self.useless + page.returned
        if usable:
            self.setbacks.end()
        elif self.useless >= USELESS or (page.shape and not page.returned):
            what = "its results hold no address, such as" if page.returned else "the answer is"
            error = self.client.error_of(ApiError(Trouble.SHAPE, 200, "", page.shape))
            self.setbacks.add(call, self._name_of(call), ODD_ANSWER, f"{what} {page.shape}", error)
            return False
        if page.damaged:
            self.counts.add_failed_call(call.page, "DAMAGED_ANSWER")
        if not self.journal.has(call):
            self.journal.answered(call, page)
        return True

    def _count_useless(self, page: Page, bad: list[Result]) -> None:
        """Count the results without an address, or with one that cannot be requested; name the latter."""
        for each in bad[: max(0, NAMED - len(self.named))]:
            said = Said(each.title, "", each.source, each.width, each.height)
            self.named.append(skipped_row(each.rank, "BAD_ADDRESS", each.link, said))
        counts = {
            "NO_ADDRESS": page.returned - len(page.results),
            "BAD_ADDRESS": len(bad),
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

    @property
    def named(self) -> list[SkippedRow]:
        """The rows without an address that can be requested."""
        return self.skipped.named

    async def _hits(self) -> AsyncIterator[SearchHit]:
        for result in read_urls(self.path, self.skipped):
            if self.results.is_full:
                self.has_more = True
                return
            if result.rank % URLS_AT_ONCE == 0:
                await asyncio.sleep(0)
            line = result.rank + self.skipped.header
            try:
                url = self.results.url_of(result)
            except ValueError:
                self.skipped.add(line, "BAD_ADDRESS", result.link, result.said)
                continue
            if not in_part(url, self.results.params.part):
                continue
            if self.results.knows(url):
                self.counts.left_out["DUPLICATE"] += 1
                self._add_label(result, url, line)
            elif hit := self.results.accept(result, url, str(self.path), str(self.path), result.label):
                yield hit

    def _add_label(self, result: Listed, url: str, line: int) -> None:
        """Count the label of a row whose address came before."""
        known = self.results.hits.get(url)
        if known and known.label and result.label and result.label != known.label:
            self.skipped.mend(line, TWO_LABELS)
        self.results.vote(url, str(line), result.label)

    @property
    def expected(self) -> int | None:
        """Unknown until the list is read."""
        return None

    @property
    def calls_left(self) -> int:
        """None: a list makes no calls."""
        return 0
