"""The plan: which search calls to make, in which order, for all families or one part of them. Pure."""

import hashlib
from collections.abc import Iterable, Iterator

from crawler.plan.division import NEW_PER_CALL, expected_calls, families_of
from crawler.plan.families import PLAIN, Family, Promise, Yield
from crawler.plan.vocabulary import Query, Vocabulary
from crawler.providers.api import Page, SearchApi, SearchCall
from fashion_pggan.errors import UserError
from fashion_pggan.params import CrawlParams

SORTS = {"both": ("sim", "date")}
FILTERS = {"large+medium": ("large", "medium")}


class Plan:
    """All families, or those of one part; the most promising call comes first.

    Args:
        families: among equally promising ones, the first is called first.
    """

    def __init__(self, families: list[Family]) -> None:
        self.families = families
        self.taken: tuple[Family, Promise] | None = None
        self.queries: dict[str, Yield] = {}

    @classmethod
    def of(cls, params: CrawlParams, vocabulary: Vocabulary | None, api: SearchApi) -> "Plan":
        """The plan of `params`: its queries first, then the vocabulary's."""
        variants = variants_of(params, api)
        groups: dict[str, Iterator[list[Query]]] = {
            text: iter([[Query(text, (), 0)]]) for text in dict.fromkeys(params.query_texts)
        }
        if vocabulary is not None:
            groups |= {f"type {kind}": vocabulary.levels(kind) for kind in vocabulary.types}
        own = families_of(params.part, _calls(groups, params, vocabulary, api))
        return cls([Family(name, groups[name], variants, api, params.min_new) for name in own])

    def check(self, part: str) -> None:
        """Raise a UserError unless the plan, which is that of a part, holds a query."""
        if not self.families:
            raise UserError(f"part {part} of the plan holds no query: give crawl.part fewer parts")

    def next(self) -> SearchCall | None:
        """The next call, to be answered before another is taken; None at the end."""
        live = [(family.best, family) for family in self.families if family.best is not None]
        if not live:
            return None
        # equals take turns
        _, owner = max(live, key=lambda pair: (pair[0].share, -pair[1].calls))
        self.taken = owner, owner.take()
        return self.taken[1].call

    def repeats(self, marks: list[bytes]) -> bool:
        """Whether the answer to the taken call holds what the page before it held."""
        assert self.taken is not None
        owner, promise = self.taken
        return owner.repeats(promise.call, marks)

    def answered(self, page: Page | None, marks: list[bytes]) -> None:
        """Learn from the answer to the taken call; None when the call was left out."""
        assert self.taken is not None
        owner, promise = self.taken
        new = owner.answered(promise, page, marks)
        self.queries.setdefault(promise.call.query, Yield()).add(1, len(marks), new)
        self.taken = None

    @property
    def calls_left(self) -> int:
        """The remaining calls, as far as known: the taken one, next pages, first pages of the open level."""
        known = sum(len(family.begun) + len(family.fresh) for family in self.families)
        return known + (self.taken is not None)

    def words(self) -> dict[str, Yield]:
        """What the calls with each word, sort and filter have brought, over all families."""
        total: dict[str, Yield] = {}
        for family in self.families:
            for word, seen in family.yields.items():
                if seen.calls and not word.startswith(PLAIN):
                    total.setdefault(word, Yield()).add(seen.calls, seen.results, seen.new)
        return total


def variants_of(params: CrawlParams, api: SearchApi) -> list[tuple[str, str]]:
    """The pairs of sort and filter with which each query is called."""
    filters: Iterable[str] = FILTERS.get(params.filter, (params.filter,)) if api.filters else ("all",)
    return [(sort, size) for size in filters for sort in SORTS.get(params.sort, (params.sort,))]


def _calls(
    families: Iterable[str], params: CrawlParams, vocabulary: Vocabulary | None, api: SearchApi
) -> dict[str, int]:
    """How many calls each family of the whole plan is expected to make."""
    of_a_query = len(variants_of(params, api)) * -(-api.window // api.page)
    queries = dict.fromkeys(params.query_texts, 1)
    of_a_type = vocabulary.queries_of_a_type if vocabulary else 0
    most = {name: of_a_query * queries.get(name, of_a_type) for name in families}
    return expected_calls(most, -(-params.max_products // NEW_PER_CALL))


def in_part(name: str, part: str) -> bool:
    """Whether a URL of a list belongs to a part such as `2/8`; every machine gives the same answer."""
    number, of = map(int, part.split("/"))
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest) % of == number - 1


def most_of(params: CrawlParams) -> int:
    """How many images a crawl looks for: its part's share of `max_products`, rounded up."""
    return -(-params.max_products // int(params.part.split("/")[1]))
