"""What the spider passes on: a hit of the search, and the image fetched for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from sys import intern
from typing import Any

from crawler.store.stored import Fetched

HEADER_CHARS = 500  # characters kept of a header


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A search result whose URL is new to this crawl."""

    url: str  # canonical
    link: str  # as the search gave it
    title: str  # without tags
    query: str
    plan_query: str  # with sort and size filter
    rank: int  # among the query's results, from 1
    width: int | None  # pixels, as the search result says
    height: int | None
    source: str  # the page that shows it, where the search names one
    label: str = ""  # that most of its queries give, or its list; empty: none
    # how many queries, or rows of a list, give which label: `hoodie 3, shirt 1`; empty where one row does
    label_votes: str = ""


@dataclass(frozen=True, slots=True)
class FetchedImage:
    """An item for the pipeline."""

    hit: SearchHit
    fetched: Fetched


def fetched_of(
    hit: SearchHit, response: Any, name_of: Callable[[str], str], crawl_id: str, product: str = ""
) -> Fetched:
    """The image of a response, with the facts that its record keeps.

    Args:
        hit: the search result.
        response: Scrapy's.
        name_of: how records name a URL.
        crawl_id: the crawl that fetched it.
        product: a mark of it.
    """

    def header(name: str) -> str:
        value = ", ".join(value.decode("latin-1") for value in response.headers.getlist(name))
        return intern(value[:HEADER_CHARS])  # many images share a few types and dates

    final, meta = name_of(response.url), response.request.meta
    facts = {
        "final_url": final if final != hit.url else hit.url,  # one string for equal URLs
        "redirects": " ".join(map(name_of, meta.get("redirect_urls", ()))),
        "status": response.status,
        "etag": header("ETag"),
        "last_modified": header("Last-Modified"),
        "robots_tag": header("X-Robots-Tag"),
        "broken_off": "dataloss" in response.flags,
        "opt_out": meta.get("opt_out", ""),
        "attempts": 1 + meta.get("retry_times", 0),
        "crawl_id": crawl_id,
        "product": product,
    }
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Fetched(hit.url, response.body, header("Content-Type"), intern(now), facts)
