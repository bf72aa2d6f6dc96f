"""Addresses that have expired: the search is asked again for fresh ones, a page of results at a time."""

import logging
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from urllib.parse import urlsplit

from crawler.answer.counts import Counts
from crawler.answer.plural import many
from crawler.network.addresses import canonical_url, canonical_with_signature
from crawler.network.signatures import holds_signature
from crawler.plan.journal import Journal
from crawler.providers.api import Page, Result, SearchCall
from crawler.providers.client import SearchClient
from crawler.session.products import product_of, without_query
from crawler.store.items import SearchHit

REFUSED = frozenset({"HTTP_401", "HTTP_403", "HTTP_410"})  # of an address that does not work, or no more
OF_SIGNED = REFUSED | {"HTTP_400", "HTTP_404", "NOT_AN_IMAGE", "EMPTY", "PLACEHOLDER"}
MOST = 5  # fresh addresses of one image in one run

log = logging.getLogger(__name__)


class Renewal:
    """Keeps images whose addresses may have expired, and finds fresh addresses for them.

    Args:
        client: asks the search again.
        journal: holds the answers of earlier runs.
        counts: counts answers.
    """

    def __init__(self, client: SearchClient, journal: Journal, counts: Counts) -> None:
        self.client, self.journal, self.counts = client, journal, counts
        self.expired: dict[str, tuple[SearchHit, str]] = {}  # with the reason, by canonical URL
        self.tried: Counter[str] = Counter()  # fresh addresses, by canonical URL
        self.hopeless: set[str] = set()  # hosts that refuse fresh addresses, too

    def takes(self, hit: SearchHit, reason: str) -> bool:
        """Keep an image that failed, if a fresh address may help; returns whether it is kept."""
        if self.tried[hit.url] >= MOST or _host_of(hit) in self.hopeless:
            return False
        # a query may hold a signature that is not known as one
        is_old = "?" in hit.link and self.journal.has(self._call_of(hit))
        if reason not in (OF_SIGNED if is_signed(hit) else REFUSED if is_old else ()):
            return False
        self.expired[hit.url] = hit, reason
        return True

    async def hits(
        self, settled: Callable[[], Awaitable[object]], lost: Callable[[SearchHit, str], None]
    ) -> AsyncIterator[SearchHit]:
        """Yield the kept images with fresh addresses.

        Args:
            settled: waits until everything that was yielded is fetched or has failed.
            lost: called with an image for which the search has no fresh address.

        Raises:
            PassingError: the search cannot be asked now; `expired` holds the rest.
        """
        while self.expired:
            call, old = self._largest()
            log.info("asking the search again for fresh addresses of %s: %s", many(len(old), "image"), call)
            page = await self.client.page(call)
            self.counts.pages += 1
            fresh = fresh_links(page, old)
            for hit in old:
                _, reason = self.expired.pop(hit.url)
                self.tried[hit.url] += 1
                if hit.url in fresh:
                    yield replace(hit, link=fresh[hit.url])
                else:
                    lost(hit, reason)
            await settled()
            self._learn([hit for hit in old if hit.url in fresh], lost)

    def _learn(self, renewed: list[SearchHit], lost: Callable[[SearchHit, str], None]) -> None:
        """Give up hosts that have refused every fresh address."""
        served = {_host_of(hit) for hit in renewed if hit.url not in self.expired}
        self.hopeless |= {_host_of(hit) for hit in renewed} - served
        for url, (hit, reason) in list(self.expired.items()):
            if _host_of(hit) in self.hopeless:
                del self.expired[url]
                lost(hit, reason)

    def _largest(self) -> tuple[SearchCall, list[SearchHit]]:
        calls: dict[SearchCall, list[SearchHit]] = defaultdict(list)
        for hit, _ in self.expired.values():
            calls[self._call_of(hit)].append(hit)
        return max(calls.items(), key=lambda item: len(item[1]))

    def _call_of(self, hit: SearchHit) -> SearchCall:
        """The search call that found an image."""
        query, sort, size = hit.plan_query.rsplit(" | ", 2)
        display = self.client.api.page
        start = (hit.rank - 1) // display * display + 1
        return SearchCall(query, start, display, sort, size)


def is_signed(hit: SearchHit) -> bool:
    """Whether an image's link holds a signature."""
    parts = urlsplit(canonical_with_signature(hit.link))
    return holds_signature(parts.path, parts.query)


def fresh_links(page: Page | None, hits: list[SearchHit]) -> dict[str, str]:
    """The links of a fresh answer to images, by canonical URL, where they are others than before.

    An image is known by its canonical URL, or by its product and its address without the query. Where a
    canonical URL is that of several products, the product decides.
    """
    by_url: dict[str, dict[str, str]] = defaultdict(dict)  # links by product
    by_image: dict[tuple[str, str], list[str]] = defaultdict(list)
    for result in page.results if page else ():
        by_image[_image_of(result)].append(result.link)
        try:
            by_url[canonical_url(result.link)].setdefault(product_of(result), result.link)
        except ValueError:
            continue
    found = {}
    for hit in hits:
        alike = by_image[_image_of(hit)]
        same = by_url[canonical_url(hit.link)]
        own = same.get(product_of(hit)) or (next(iter(same.values())) if len(same) == 1 else "")
        link = own or (alike[0] if len(alike) == 1 else hit.link)
        if link != hit.link:
            found[hit.url] = link
    return found


def _image_of(found: Result | SearchHit) -> tuple[str, str]:
    return product_of(found), without_query(found.link)


def _host_of(hit: SearchHit) -> str:
    return urlsplit(hit.url).netloc
