"""What the spider hands on: what a search found, and the picture that was fetched for it."""

from dataclasses import dataclass

from crawler.store.stored import Fetched


@dataclass(frozen=True, slots=True)
class FoundPicture:
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
class FetchedPicture:
    """An item for the pipelines."""

    found: FoundPicture
    fetched: Fetched
