"""Placeholders: one file that came for many products, such as a host's "no image". Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from crawler.session.products import products_in, without_query
from crawler.store.items import SearchHit
from crawler.store.stored import StoredImage

ASK_AGAIN = timedelta(days=7)  # a placeholder may become the product's image


@dataclass
class SharedFile:
    """A file with the results that brought it."""

    sha256: str
    hits: list[SearchHit] = field(default_factory=list)

    @property
    def products(self) -> int:
        """How many products it came for, at least."""
        return products_in(self.hits)

    def row(self) -> dict[str, str | int]:
        """Its row in the crawl's figures."""
        return {
            "sha256": self.sha256,
            "addresses": len(self.hits),
            "products": self.products,
            "hosts": len({urlsplit(hit.url).netloc for hit in self.hits}),
            "example": self.hits[0].url,
        }


def placeholders_of(pairs: Iterable[tuple[SearchHit, StoredImage]], most: int) -> list[SharedFile]:
    """The files that came for more than `most` products, largest first; none where it is 0."""
    return [file for file in _shared_in(pairs, most) if file.products > most]


def undecided_of(pairs: Iterable[tuple[SearchHit, StoredImage]], most: int) -> list[SharedFile]:
    """The files of more than `most` addresses, of products that nothing tells apart, largest first."""
    shared = (file for file in _shared_in(pairs, most) if file.products <= most)
    return [file for file in shared if not any(hit.source or hit.title for hit in file.hits)]


def _shared_in(pairs: Iterable[tuple[SearchHit, StoredImage]], most: int) -> list[SharedFile]:
    files: dict[str, list[SearchHit]] = defaultdict(list)
    for hit, stored in pairs if most else ():
        files[stored.sha256].append(hit)
    shared = (SharedFile(sha256, hits) for sha256, hits in files.items() if len(hits) > most)
    return sorted(shared, key=lambda file: -len(file.hits))


class Askable:
    """Which stored images a crawl asks for again, since they may be placeholders.

    Args:
        stored: all images of the store.
        most: products that may share an image; 0: any number.
    """

    def __init__(self, stored: Iterable[StoredImage], most: int) -> None:
        paths = {(image.sha256, without_query(image.url)) for image in stored} if most else set()
        counted = Counter(sha256 for sha256, _ in paths)
        self.shared = {sha256 for sha256, count in counted.items() if count > most}

    def __contains__(self, image: StoredImage) -> bool:
        """Whether an image's file is one of many addresses, and was fetched a week ago."""
        if image.sha256 not in self.shared:
            return False
        try:
            return datetime.now(UTC) - datetime.fromisoformat(image.crawled_at) >= ASK_AGAIN
        except (ValueError, TypeError):  # of a foreign record
            return True
