"""What the spider hands on: what a search found, and the picture that was fetched for it."""

from dataclasses import dataclass

from crawler.store import Fetched, StoredPicture
from fashion_pggan.manifest import RawPicture


@dataclass(frozen=True)
class FoundPicture:
    """A search result whose address is new to this crawl."""

    url: str  # canonical
    link: str  # as the API gave it
    title: str  # without tags
    query: str
    rank: int  # in the query's results, from 1
    width: int | None  # pixels, as the search result says
    height: int | None


@dataclass(frozen=True)
class FetchedPicture:
    """An item for the pipelines."""

    found: FoundPicture
    fetched: Fetched


def record_of(found: FoundPicture, stored: StoredPicture, provider: str) -> RawPicture:
    """The record of a picture: what this crawl's search said, and the facts of its fetch."""
    return RawPicture(
        sha256=stored.sha256,
        file=stored.file,
        url=found.url,
        title=found.title,
        query=found.query,
        provider=provider,
        rank=found.rank,
        declared_width=found.width,
        declared_height=found.height,
        crawled_at=stored.crawled_at,
        content_type=stored.content_type,
        size=stored.size,
    )
