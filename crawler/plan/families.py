"""Families: queries for one type of garment, in the order that brings the most new images per call. Pure.

The next call of a family depends only on its own answers. So the parts of a plan, split by family, together
find what the whole plan finds, and a resumed crawl makes the calls that it would have made.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from crawler.plan.vocabulary import Query
from crawler.providers.api import Page, SearchApi, SearchCall

PRIOR = 50.0  # results that every word starts with, all counted as new
PLAIN = "query="  # prefix of a query that is written out and has no words
LEVEL_SHARE = 0.8  # factor of the expected share of new results for each added word


@dataclass
class Yield:
    """What the calls of a query or a word have brought."""

    calls: int = 0
    results: int = 0
    new: int = 0  # results new to their family

    @property
    def share(self) -> float:
        """The estimated share of new results; 1 before the first answer."""
        return (self.new + PRIOR) / (self.results + PRIOR)

    def add(self, calls: int, results: int, new: int) -> None:
        """Add counts."""
        self.calls, self.results, self.new = self.calls + calls, self.results + results, self.new + new


class Fresh(NamedTuple):
    """The first page of a query, not requested yet."""

    query: Query
    sort: str
    filter: str

    @property
    def words(self) -> tuple[str, ...]:
        """The words that its answer tells something about."""
        own = self.query.words or (f"{PLAIN}{self.query.text}",)
        return (*own, f"sort={self.sort}", f"filter={self.filter}")


class Promise(NamedTuple):
    """A candidate for the next call."""

    share: float  # expected share of new results
    call: SearchCall
    words: tuple[str, ...]
    place: int  # index in `begun` or in `fresh`
    is_fresh: bool


@dataclass
class Family:
    """Queries for one type, each with every sort and filter, as long as they bring enough new results.

    Args:
        name: the type, or the query that is written out.
        levels: queries by the number of added words; a level opens when the one before is used up.
        variants: pairs of sort and filter.
        api: gives page size and window.
        min_new: a query ends when a page brings a smaller share of new results.
    """

    name: str
    levels: Iterator[list[Query]]
    variants: list[tuple[str, str]]
    api: SearchApi
    min_new: float
    calls: int = 0
    pages: dict[str, int] = field(default_factory=dict)  # hashes of the last pages, by query, sort and filter
    known: set[bytes] = field(default_factory=set)  # marks of URLs
    yields: dict[str, Yield] = field(default_factory=dict)  # by word
    begun: list[tuple[float, SearchCall, tuple[str, ...]]] = field(default_factory=list)  # next pages
    fresh: list[Fresh] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # of words; `rows` holds indices into it
    rows: "np.ndarray[tuple[int, int], np.dtype[np.int64]]" = field(
        default_factory=lambda: np.empty((0, 0), np.int64)  # (fresh, words)
    )
    best: Promise | None = None

    def __post_init__(self) -> None:
        self._choose()

    def take(self) -> Promise:
        """Take the most promising call; it must be answered before the next is taken."""
        assert self.best is not None
        taken, self.best = self.best, None
        if taken.is_fresh:
            del self.fresh[taken.place]
            self.rows = np.delete(self.rows, taken.place, 0)
        else:
            del self.begun[taken.place]
        return taken

    def answered(self, taken: Promise, page: Page | None, marks: list[bytes]) -> int:
        """Learn from an answer; returns how many results are new to the family."""
        new = len(set(marks) - self.known)
        self.known.update(marks)
        self.calls += 1
        for word in taken.words:
            self.yields[word].add(1, len(marks), new)
        share = new / len(marks) if marks else 0.0
        repeated = self.repeats(taken.call, marks)
        self.pages[str(taken.call)] = hash(frozenset(marks))
        after = following(taken.call, page, self.api.window) if page and not repeated else None
        if after is not None and share >= self.min_new:
            self.begun.append((share, after, taken.words))
        self._choose()
        return new

    def repeats(self, call: SearchCall, marks: list[bytes]) -> bool:
        """Whether a page holds what the query's page before it held."""
        return call.start > 1 and self.pages.get(str(call)) == hash(frozenset(marks))

    def _choose(self) -> None:
        """Choose the most promising call: a next page, or the first page of another query."""
        while not self.fresh and not self.begun:
            level = next(self.levels, None)
            if level is None:
                self.best = None
                return
            self._open(level)
        promises = [Promise(*begun, place, False) for place, begun in enumerate(self.begun)]
        if self.fresh:
            promises.append(self._best_fresh())
        # among equals the page with the lower rank
        self.best = max(promises, key=lambda promise: (promise.share, -promise.call.start))

    def _best_fresh(self) -> Promise:
        shares = np.array([self.yields[name].share for name in self.names])
        expected = shares[self.rows].mean(1)  # (fresh)
        place = int(expected.argmax())  # the first among equals
        fresh = self.fresh[place]
        call = SearchCall(fresh.query.text, 1, self.api.page, fresh.sort, fresh.filter)
        share = float(expected[place] * LEVEL_SHARE**fresh.query.level)
        return Promise(share, call, fresh.words, place, True)

    def _open(self, level: list[Query]) -> None:
        self.fresh = [Fresh(query, sort, size) for query in level for sort, size in self.variants]
        for fresh in self.fresh:
            for word in fresh.words:
                self.yields.setdefault(word, Yield())
        self.names = list(self.yields)
        place = {name: at for at, name in enumerate(self.names)}
        # all queries of a level have the same number of words
        self.rows = np.array([[place[word] for word in fresh.words] for fresh in self.fresh], np.int64)


def following(call: SearchCall, page: Page, window: int) -> SearchCall | None:
    """The call for the next page; None after the query's last page.

    A query ends with an empty page. A short page, or a total, does not end it alone, for either may be wrong:
    a total may count a page. Both together do, and so does a total that ends with a later page.
    """
    start = call.start + call.display
    agrees = page.total == call.start + page.returned - 1
    ends = agrees and (page.returned < call.display or call.start > 1)
    if not page.returned or ends or start + call.display - 1 > window:
        return None
    return SearchCall(call.query, start, call.display, call.sort, call.filter)
