"""One crawl: it opens store, provider, plan and journal together, and writes the outcome at the end."""

import json
import logging
import os
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from crawler.answer.counts import Counts
from crawler.answer.failures import MAY_PASS, NOT_CACHED
from crawler.answer.header import ENOUGH, size_against, size_of
from crawler.answer.plural import many
from crawler.lists.failed import Failed, failed_of, failed_of_skipped, write_failed
from crawler.plan.journal import Journal
from crawler.plan.plan import Plan
from crawler.plan.vocabulary import Vocabulary, vocabulary_of
from crawler.providers.client import SearchClient
from crawler.providers.provider import open_provider
from crawler.session.crawl_places import Places
from crawler.session.figures import counted, figures_of, tell_scrapy, yields_of
from crawler.session.frontier import ListFrontier, PlanFrontier
from crawler.session.missing import PAGE_ON_REFERER, complaint_about, why_nothing
from crawler.session.placeholders import Askable, placeholders_of, undecided_of
from crawler.session.plan_name import name_of_plan
from crawler.session.previews import is_smaller, side_of, was_linked_otherwise
from crawler.session.products import owner_of
from crawler.session.renewal import Renewal, is_signed
from crawler.session.result_filter import ResultFilter, said_of
from crawler.store.items import SearchHit, fetched_of
from crawler.store.own.held import held_store
from crawler.store.raw import record_of, write_raw
from crawler.store.store import Store
from crawler.store.stored import Fetched, StoredImage
from crawler.store.tombstones import Tombstones
from fashion_pggan.errors import PassingError, UserError
from fashion_pggan.params import CrawlParams
from fashion_pggan.program import hash_of
from fashion_pggan.progress import Progress
from fashion_pggan.storage.files import write_text

log = logging.getLogger(__name__)


class Crawl:
    """Opens everything that a crawl needs; when it raises UserError, nothing stays open.

    Args:
        params: what to crawl.
        places: where it reads and writes.
        download: sends a Scrapy request through the downloader's middlewares.
    """

    def __init__(
        self, params: CrawlParams, places: Places, download: Callable[[Any], Awaitable[Any]]
    ) -> None:
        self.params, self.places = params, places
        self.counts, self.began = Counts(), time.monotonic()
        self.failures: dict[str, str] = {}  # reasons, by canonical URL
        self.unwanted: set[str] = set()  # URLs of stored images that this crawl does not want
        self.placeholders: list[dict[str, Any]] = []  # rows of the report
        with ExitStack() as opened:
            self.target = opened.enter_context(places.held())
            opened.enter_context(held_store(places.store))
            self.store = opened.enter_context(Store(places.store, Tombstones(places.tombstones)))
            self.provider = opened.enter_context(open_provider(params, os.environ))
            vocabulary = vocabulary_of(params)
            name = f"plan-{name_of_plan(params, self.provider, vocabulary)}.jsonl"
            limits = hash_of(
                params.min_side, params.max_pixels, params.max_bytes, params.obey_opt_out, str(params.hosts)
            )
            journal = Journal(places.store / name, uuid.uuid4().hex[:12], params.part, limits)
            self.journal = opened.enter_context(journal)
            self.frontier = self._frontier(vocabulary, download)
            self.renewal = self._renewal()
            self.askable = Askable(self.store.images.values(), params.max_sharing)
            self.progress = opened.enter_context(Progress("crawl", None, "images"))
            self.opened = opened.pop_all()
        if self.journal.resumed:
            log.info(
                "resuming crawl %s: %d search answers are known",
                self.journal.crawl_id,
                len(self.journal.places),
            )

    async def missing(self, *, with_stored: bool = False) -> AsyncIterator[SearchHit | dict[str, Any]]:
        """Yield the images to fetch; count those that are stored, or that were given up before.

        Args:
            with_stored: yield the records of stored images too.
        """
        async for hit in self.frontier.hits():
            self.progress.expect(self.frontier.expected)
            stored = self.store.find(hit.url)
            if stored is not None and stored not in self.askable and not self._is_preview(stored, hit):
                if unwanted := self._against(stored):
                    self.unwanted.add(hit.url)
                    self._add_failure(hit, unwanted, may_pass=False)
                else:
                    self.counts.reused += 1
                    if with_stored:
                        yield self.record(hit, stored)
            elif reason := self.journal.lost.get(hit.url):
                self._add_failure(hit, reason, may_pass=False)
            else:
                yield hit
                continue
            self.progress.advance()
        self.progress.expect(len(self.hits))  # the exact number now
        if troubles := self.store.troubles:
            log.warning("%s: %s: fetching them again", self.places.store, counted(troubles))

    async def renewed(self, settled: Callable[[], Awaitable[object]]) -> AsyncIterator[SearchHit]:
        """Yield images whose addresses have expired, with fresh ones from the search.

        Args:
            settled: waits until everything that was yielded is fetched or has failed.
        """
        await settled()
        if self.renewal is None:
            return
        for file in placeholders_of(self._stored(), self.params.max_sharing):
            for hit in filter(is_signed, file.hits):
                self.renewal.takes(hit, "PLACEHOLDER")
        try:
            async for hit in self.renewal.hits(settled, self._count_lost):
                self.hits[hit.url] = hit  # failed.csv names the fresh address
                yield hit
        except PassingError as error:
            log.warning("%s: a further run asks for fresh addresses of the rest", error)
            for hit, reason in self.renewal.expired.values():
                self._count_lost(hit, reason, may_pass=True)

    def lost(self, hit: SearchHit, reason: str) -> None:
        """Count an image that could not be fetched, unless it waits for a fresh address."""
        if self.renewal is None or not self.renewal.takes(hit, reason):
            self._count_lost(hit, reason, may_pass=reason in MAY_PASS)

    def _count_lost(self, hit: SearchHit, reason: str, *, may_pass: bool = False) -> None:
        """Count a failure; the journal keeps it, and the number of runs that met one that may pass."""
        if reason == "PLACEHOLDER":  # it is stored, and counted at the end
            return
        self._add_failure(hit, reason, may_pass=may_pass)
        if not may_pass:
            self.journal.gave_up(hit.url, reason)
        elif reason != NOT_CACHED and self.journal.failed(hit.url, reason) < self.params.tries:
            self.counts.undecided += 1
        self.progress.advance(note=f"{self.counts.failed.total()} failed")

    def record(self, hit: SearchHit, stored: StoredImage) -> dict[str, Any]:
        """The record of an image, for Scrapy's feeds: without its place, for it is packed at the end."""
        return record_of(hit, stored, self.provider.name).model_dump(exclude={"file", "offset"})

    def fetched_of(self, hit: SearchHit, response: Any) -> Fetched:
        """The image of a response."""
        return fetched_of(hit, response, self.provider.name_of, self.journal.crawl_id, owner_of(hit))

    @property
    def hits(self) -> dict[str, SearchHit]:
        """The images that the search has found so far, by canonical URL."""
        return self.frontier.results.hits

    def finish(self, stats: Any) -> dict[str, Any]:
        """Make the target and the report of a complete crawl.

        Returns:
            The figures of the report; Scrapy's stats get its numbers too, under `crawl/`.

        Raises:
            UserError: no image could be fetched, or most could not be fetched now.
        """
        self._leave_placeholders_out()
        if complaint := complaint_about(self.counts, len(self.hits), self.params.max_missing):
            raise self._ended_by(complaint)
        most, name = int(self.params.shard_mb * 1e6), self.provider.name
        stored = write_raw(self.target, self.store, self._wanted(), name, most, self.unwanted)
        if not stored:
            why = why_nothing(self.params, self.counts, len(self.hits), self.placeholders)
            raise self._ended_by(UserError(why))
        figures = self._figures(stored)
        if self.places.report:
            write_text(self.places.report, json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
        tell_scrapy(stats, figures)
        if not self.counts.keeps_answers:
            self.journal.done()
        return figures

    def _ended_by(self, error: UserError) -> UserError:
        """An error at the end; one that the next run would repeat ends the crawl, so that it asks anew."""
        if not isinstance(error, PassingError) and not self.counts.keeps_answers:
            self.journal.done()
        return error

    def figures(self) -> dict[str, Any]:
        """The figures so far."""
        return self._figures([image for hit in self._wanted() if (image := self.store.find(hit.url))])

    def close(self) -> None:
        """Write what failed, and close everything; fetched images are kept."""
        with self.opened:
            self._write_failed()

    def _add_failure(self, hit: SearchHit, reason: str, *, may_pass: bool) -> None:
        self.counts.add_failure(hit.url, reason, may_pass=may_pass)
        if reason != "FORGOTTEN":
            self.failures[hit.url] = reason

    def _write_failed(self) -> None:
        """Name what failed, for people and for a further crawl."""
        tries, at, later = self.journal.failing, self.journal.at, self.counts.put_off
        rows = [
            failed_of(hit.link, said_of(hit), reason, tries.get(url, 1), at.get(url, ""), later.get(url, ""))
            for url, reason in self.failures.items()
            if (hit := self.hits[url])
        ]
        rows += [Failed("", call, reason) for call, reason in self.counts.failed_calls]
        rows += map(failed_of_skipped, self.frontier.named)
        write_failed(self.places.failed, rows)
        if rows:
            log.info("%s names what failed: %s", self.places.failed, many(len(rows), "row"))

    def _stored(self) -> list[tuple[SearchHit, StoredImage]]:
        return [(hit, image) for hit in self._wanted() if (image := self.store.images.get(hit.url))]

    def _leave_placeholders_out(self) -> None:
        stored = self._stored()
        files = placeholders_of(stored, self.params.max_sharing)
        if self.params.provider == "urls" and stored and sum(len(file.hits) for file in files) == len(stored):
            log.warning(
                "%s leads to placeholders alone; all are kept: read %s", self.params.url_list, PAGE_ON_REFERER
            )
            return
        for file in files:
            self.placeholders.append(file.row())
            for hit in file.hits:
                self.unwanted.add(hit.url)
                self._add_failure(hit, "PLACEHOLDER", may_pass=False)

    def _wanted(self) -> list[SearchHit]:
        return [hit for url, hit in self.hits.items() if url not in self.unwanted]

    def _against(self, stored: StoredImage) -> str:
        """Why a stored image, fetched under other limits, is unwanted now; empty when it is wanted."""
        params = self.params
        if self.store.tombstones.forbid_image(stored):
            return "FORGOTTEN"
        if params.obey_opt_out and stored.opt_out:
            return "OPTED_OUT"
        if params.max_bytes and stored.size > params.max_bytes:
            return "TOO_LARGE"
        if not (params.min_side or params.max_pixels):
            return ""
        return size_against(self._size_of(stored), params.min_side, params.max_pixels)

    def _is_preview(self, stored: StoredImage, hit: SearchHit) -> bool:
        return was_linked_otherwise(stored, hit) and is_smaller(self._size_of(stored), side_of(hit))

    def _size_of(self, stored: StoredImage) -> tuple[int, int] | None:
        return size_of(self.store.files.begin_of(stored, ENOUGH))

    def _frontier(
        self, vocabulary: Vocabulary | None, download: Callable[[Any], Awaitable[Any]]
    ) -> PlanFrontier | ListFrontier:
        forbid, owner = self.store.tombstones.forbid, self.store.owner
        kept = ResultFilter(self.params, self.counts, forbid, vocabulary, owner)
        if self.provider.api is None:
            return ListFrontier(Path(self.params.url_list), kept, self.counts)
        plan = Plan.of(self.provider.asked_of(self.params), vocabulary, self.provider.api)
        plan.check(self.params.part)
        client = SearchClient(
            self.params, self.provider, self.provider.api, self.counts, download, self.places.store
        )
        return PlanFrontier(plan, self.journal, client, kept, self.counts)

    def _renewal(self) -> Renewal | None:
        found = self.frontier
        return Renewal(found.client, self.journal, self.counts) if isinstance(found, PlanFrontier) else None

    def _figures(self, stored: list[StoredImage]) -> dict[str, Any]:
        figures = figures_of(
            self.counts, stored, len(self.hits), self.provider.name, time.monotonic() - self.began
        )
        plan = self.frontier.plan if isinstance(self.frontier, PlanFrontier) else None
        return figures | {
            "crawl_id": self.journal.crawl_id,
            "store_damaged": self.store.troubles,
            "calls_left": self.frontier.calls_left,
            "part": self.params.part,
            "placeholders": self.placeholders,
            "shared": [file.row() for file in undecided_of(self._stored(), self.params.max_sharing)],
            "renewed": len(self.renewal.tried.keys() - self.failures.keys()) if self.renewal else 0,
            "keeps_answers": self.counts.keeps_answers,
            "list_has_more": isinstance(self.frontier, ListFrontier) and self.frontier.has_more,
            "queries": yields_of("query", plan.queries.items() if plan else ()),
            "words": yields_of("word", plan.words().items() if plan and self.params.vocabulary else ()),
        }
