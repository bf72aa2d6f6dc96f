"""Which search calls to make, in the order that brings most new pictures per call. Pure.

Queries come in families: the queries of one type of garment, or one query of a plain list. What a family asks
next follows from its own answers alone. So parts of a plan, taken by families, find together what the whole
finds, and a crawl that is resumed asks what it would have asked.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from crawler.api import Page, SearchApi, SearchCall
from crawler.vocabulary import Query, Vocabulary
from fashion_pggan.params import CrawlParams

PRIOR = 50.0  # results, all of them new, that every word starts with
LEVEL_SHARE = 0.8  # of new results, expected of queries with one word more
SORTS = {"both": ("sim", "date")}
FILTERS = {"large+medium": ("large", "medium")}


@dataclass
class Yield:
    """What the calls of a query or a word brought."""

    calls: int = 0
    results: int = 0
    new: int = 0  # results that their family did not know yet

    @property
    def share(self) -> float:
        """Of results that are new, as far as is known: 1 before the first answer."""
        return (self.new + PRIOR) / (self.results + PRIOR)


@dataclass
class Family:
    """Queries that share a type; asks each with every sort and filter, while it brings enough new.

    Args:
        name: the type, or the query.
        levels: queries by the number of words added; a level is opened when the one before is used up.
        variants: sort and filter.
        api: for its page and window.
        min_new: share of new results below which a query is left.
    """

    name: str
    levels: Iterator[list[Query]]
    variants: list[tuple[str, str]]
    api: SearchApi
    min_new: float
    calls: int = 0
    known: set[bytes] = field(default_factory=set)  # marks of addresses
    yields: dict[str, Yield] = field(default_factory=dict)  # by word
    begun: list[tuple[float, SearchCall]] = field(default_factory=list)  # next pages, with what they promise
    fresh: list[tuple[Query, str, str]] = field(default_factory=list)
    words_of: dict[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)
    rows: "np.ndarray[tuple[int, int], np.dtype[np.int64]]" = field(
        default_factory=lambda: np.empty((0, 0), np.int64)
    )
    names: list[str] = field(default_factory=list)
    best: tuple[float, SearchCall] | None = None

    def __post_init__(self) -> None:
        self._choose()

    def take(self) -> SearchCall:
        """The call that promises most; it counts as made."""
        assert self.best is not None
        share, call = self.best
        if (share, call) in self.begun:
            self.begun.remove((share, call))
        else:
            at = next(i for i, fresh in enumerate(self.fresh) if self._call_of(fresh) == call)
            self._drop(at)
        self.best = None
        return call

    def answered(self, call: SearchCall, page: Page | None, marks: list[bytes]) -> int:
        """Learn from an answer; returns how many of its results are new to the family."""
        new = len(set(marks) - self.known)
        self.known.update(marks)
        self.calls += 1
        for word in self.words_of[call.query, call.sort, call.filter]:
            seen = self.yields[word]
            seen.calls, seen.results, seen.new = seen.calls + 1, seen.results + len(marks), seen.new + new
        share = new / len(marks) if marks else 0.0
        after = following(call, page, self.api.window) if page else None
        if after is not None and share >= self.min_new:
            self.begun.append((share, after))
        self._choose()
        return new

    def _choose(self) -> None:
        """Find the call that promises most: a next page, or the first page of a query not asked yet."""
        while not self.fresh and not self.begun:
            level = next(self.levels, None)
            if level is None:
                self.best = None
                return
            self._open(level)
        promises = list(self.begun)
        if self.fresh:
            promises.append(self._best_fresh())
        # at equal promise the page that is nearer to the top
        self.best = max(promises, key=lambda promise: (promise[0], -promise[1].start))

    def _best_fresh(self) -> tuple[float, SearchCall]:
        shares = np.array([self.yields[name].share for name in self.names])
        expected = shares[self.rows].mean(1)  # (queries)
        at = int(expected.argmax())  # the first of equal ones
        return float(expected[at] * LEVEL_SHARE ** self.fresh[at][0].level), self._call_of(self.fresh[at])

    def _open(self, level: list[Query]) -> None:
        self.fresh = [(query, sort, size) for query in level for sort, size in self.variants]
        for query, sort, size in self.fresh:
            words = (*(query.words or (query.text,)), f"sort={sort}", f"filter={size}")
            self.words_of[query.text, sort, size] = words
            for word in words:
                self.yields.setdefault(word, Yield())
        self.names = list(self.yields)
        place = {name: at for at, name in enumerate(self.names)}
        longest = max((len(self.words_of[q.text, s, f]) for q, s, f in self.fresh), default=0)
        rows = []
        for query, sort, size in self.fresh:
            words = self.words_of[query.text, sort, size]
            rows.append([place[word] for word in (words + words)[:longest]])  # short ones: their first again
        self.rows = np.array(rows, np.int64).reshape(len(rows), longest)

    def _drop(self, at: int) -> None:
        del self.fresh[at]
        self.rows = np.delete(self.rows, at, 0)

    def _call_of(self, fresh: tuple[Query, str, str]) -> SearchCall:
        query, sort, size = fresh
        return SearchCall(query.text, 1, self.api.page, sort, size)


class Plan:
    """All families, or those of one part; the call that promises most comes first.

    Args:
        families: in the order that decides between equals.
    """

    def __init__(self, families: list[Family]) -> None:
        self.families = families
        self.owner: Family | None = None  # of the call that was taken
        self.queries: dict[str, Yield] = {}

    @classmethod
    def of(cls, params: CrawlParams, vocabulary: Vocabulary | None, api: SearchApi) -> "Plan":
        """The plan that `params` ask for."""
        sorts = SORTS.get(params.sort, (params.sort,))
        filters = FILTERS.get(params.filter, (params.filter,)) if api.filters else ("all",)
        variants = [(sort, size) for size in filters for sort in sorts]
        groups: dict[str, Iterator[list[Query]]] = {
            text: iter([[Query(text, (), 0)]]) for text in dict.fromkeys(params.queries)
        }
        if vocabulary is not None:
            groups |= {f"type {kind}": vocabulary.levels(kind) for kind in vocabulary.types}
        return cls(
            [
                Family(name, levels, variants, api, params.min_new)
                for name, levels in groups.items()
                if in_part(name, params.part)
            ]
        )

    def next(self) -> SearchCall | None:
        """The next call, which must be answered before another is asked for; None at the end."""
        live = [family for family in self.families if family.best is not None]
        if not live:
            return None
        # equals take turns
        self.owner = max(live, key=lambda family: (family.best[0] if family.best else 0.0, -family.calls))
        return self.owner.take()

    def answered(self, call: SearchCall, page: Page | None, urls: Iterable[str]) -> None:
        """Learn from the answer; None for a query that is left out."""
        assert self.owner is not None
        marks = [mark_of(url) for url in urls]
        new = self.owner.answered(call, page, marks)
        seen = self.queries.setdefault(call.query, Yield())
        seen.calls, seen.results, seen.new = seen.calls + 1, seen.results + len(marks), seen.new + new

    @property
    def calls_left(self) -> int:
        """Calls that are known to be left: the next pages of queries begun, first pages of those opened."""
        return sum(len(family.begun) + len(family.fresh) for family in self.families)

    def words(self) -> dict[str, Yield]:
        """What the calls with each word brought, over all families."""
        total: dict[str, Yield] = {}
        for family in self.families:
            for word, seen in family.yields.items():
                if seen.calls:
                    sum_ = total.setdefault(word, Yield())
                    sum_.calls += seen.calls
                    sum_.results += seen.results
                    sum_.new += seen.new
        return total


def following(call: SearchCall, page: Page, window: int) -> SearchCall | None:
    """The call after `call`; None when its answer was the query's last page."""
    start = call.start + call.display
    if page.returned < call.display or start > page.total or start + call.display - 1 > window:
        return None
    return SearchCall(call.query, start, call.display, call.sort, call.filter)


def in_part(name: str, part: str) -> bool:
    """Whether what is called `name` belongs to `part`, such as `2/8`: the same part on every machine."""
    number, of = map(int, part.split("/"))
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest) % of == number - 1


def mark_of(url: str) -> bytes:
    """A short mark that stands for an address, also for one that was deleted."""
    if url.startswith(FORGOTTEN):
        return bytes.fromhex(url.removeprefix(FORGOTTEN)[:32])
    return hashlib.sha256(url.encode()).digest()[:16]


FORGOTTEN = "forgotten:"  # in place of an address that was deleted: its SHA-256 follows


def size_of_plan(plan: Plan) -> Counter[int]:
    """Queries by level, sorts and filters counted; uses the plan up."""
    counted: Counter[int] = Counter()
    for family in plan.families:
        levels = [[query for query, _, _ in family.fresh], *family.levels]
        for at, level in enumerate(levels):
            counted[level[0].level if level else at] += len(level) * (len(family.variants) if at else 1)
    return counted
