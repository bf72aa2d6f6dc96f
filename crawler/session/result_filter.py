"""Which results of a search, or rows of a list, become hits, and the labels of these."""

import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from crawler.answer.counts import Counts
from crawler.lists.skipped import Said
from crawler.network.addresses import canonical_url, canonical_with_signature
from crawler.plan.plan import most_of
from crawler.plan.vocabulary import QueryLabels, Vocabulary
from crawler.providers.api import Page, Result
from crawler.session.products import owner_of, product_of
from crawler.store.items import SearchHit
from crawler.store.marks import FORGOTTEN, digest_of, is_forgotten, mark_of
from fashion_pggan.params import CrawlParams


class ResultFilter:
    """Decides which results become hits; counts the others by reason.

    Args:
        params: how many images, how large.
        counts: where it counts results that it leaves out.
        forbid: whether a tombstone forbids a canonical URL.
        vocabulary: has words that keep a result out, and labels; None: neither.
        owner: the mark of the product whose image the store has at a canonical URL; see `owner_of`.
    """

    def __init__(
        self,
        params: CrawlParams,
        counts: Counts,
        forbid: Callable[[str], bool],
        vocabulary: Vocabulary | None = None,
        owner: Callable[[str], str] = lambda url: "",
    ) -> None:
        self.params, self.counts, self.forbid, self.owner = params, counts, forbid, owner
        self.not_in_title = tuple(map(_plain, vocabulary.not_in_title if vocabulary else ()))
        self.labels = QueryLabels(params.query_labels, vocabulary)
        self.votes: dict[str, dict[str, str]] = {}  # labels by query or row, by URL; of several that find it
        self.hits: dict[str, SearchHit] = {}  # by canonical URL, in the order of the search
        self.dropped: set[bytes] = set()  # marks of URLs that were left out
        self.signed: dict[str, dict[str, str]] = {}  # by canonical URL: by product and by link, see `url_of`
        self.most = most_of(params)

    @property
    def is_full(self) -> bool:
        """Whether there are as many hits as `max_products` asks for."""
        return len(self.hits) >= self.most

    def url_of(self, result: Result) -> str:
        """What a result's image is known by: its canonical URL.

        A token may itself name the image. So of links that differ in their signatures alone, those of one
        product have the canonical URL: of the product whose image the store has there, or of the first. Each
        further product, and each link that says nothing of its product, keeps its signature.

        Raises:
            ValueError: its link is no URL; see `canonical_url`.
        """
        url, signed = canonical_url(result.link), canonical_with_signature(result.link)
        if signed == url:
            return url
        product = owner_of(result) or product_of(result)
        if url not in self.signed:
            self.signed[url] = {owner: url} if (owner := self.owner(url)) and owner_of(result) else {}
        known = self.signed[url]
        found = known.get(signed) or known.get(product) or (signed if known else url)
        known[signed] = known[product] = found
        return found

    def knows(self, url: str) -> bool:
        """Whether a canonical URL came before."""
        return url in self.hits or mark_of(url) in self.dropped

    def accept(
        self, result: Result, url: str, query: str, plan_query: str, label: str = ""
    ) -> SearchHit | None:
        """The hit of a result; None when its URL is known or the result is unwanted.

        Args:
            result: of the search.
            url: of `url_of`.
            query: that found it.
            plan_query: the query with sort and size filter.
            label: of the image; empty: that of the query.
        """
        given, label = label, label or self.labels.of(query)
        self.vote(url, query, label)
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
            f"{label} 1" if label and not given else "",
        )
        return self.hits[url]

    def vote(self, url: str, voter: str, label: str) -> None:
        """Count the label that a query, or a row, gives to a hit; it has the most frequent, or the first."""
        if not label or (hit := self.hits.get(url)) is None:
            return
        votes = self.votes.get(url) or ({hit.query: hit.label} if hit.label else {})
        if voter in votes:
            return
        votes = self.votes[url] = votes | {voter: label}
        most = Counter(votes.values()).most_common()
        said = ", ".join(f"{name} {count}" for name, count in most)
        self.hits[url] = replace(hit, label=most[0][0], label_votes=said)

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


def said_of(hit: SearchHit) -> Said:
    """What the search, or the list, says of a hit."""
    return Said(hit.title, hit.label, hit.source, hit.width, hit.height)


def _plain(text: str) -> str:
    """Text in one form for comparing words: titles spell Hangul in letters or in syllables."""
    return unicodedata.normalize("NFC", text).casefold()
