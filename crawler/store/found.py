"""What the spider hands on: what a search found, and the image that was fetched for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from sys import intern
from typing import Any

from crawler.store.stored import Fetched

HEADER_CHARS = 500  # that are kept of a header


@dataclass(frozen=True, slots=True)
class FoundImage:
    """A search result whose address is new to this crawl."""

    url: str  # canonical
    link: str  # as the search gave it
    title: str  # without tags
    query: str
    plan_query: str  # with sort and size filter
    rank: int  # in the query's results, from 1
    width: int | None  # pixels, as the search result says
    height: int | None
    source: str  # the page that shows it, where the search says so


@dataclass(frozen=True, slots=True)
class FetchedImage:
    """An item for the pipelines."""

    found: FoundImage
    fetched: Fetched


def fetched_of(found: FoundImage, response: Any, name_of: Callable[[str], str], crawl_id: str) -> Fetched:
    """An image with what its answer says of it.

    Args:
        found: what the search said.
        response: Scrapy's.
        name_of: what records call an address.
        crawl_id: of the crawl that fetched it.
    """

    def header(name: str) -> str:
        said = ", ".join(value.decode("latin-1") for value in response.headers.getlist(name))
        return intern(said[:HEADER_CHARS])  # images are many, types and dates few

    final, meta = name_of(response.url), response.request.meta
    facts = {
        "final_url": final if final != found.url else found.url,  # one string of equal ones
        "redirects": " ".join(map(name_of, meta.get("redirect_urls", ()))),
        "status": response.status,
        "etag": header("ETag"),
        "last_modified": header("Last-Modified"),
        "robots_tag": header("X-Robots-Tag"),
        "opt_out": meta.get("opt_out", ""),
        "attempts": 1 + meta.get("retry_times", 0),
        "crawl_id": crawl_id,
    }
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Fetched(found.url, response.body, header("Content-Type"), intern(now), facts)
