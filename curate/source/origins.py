"""Where a dataset comes from: the crawl that fetched its raw images."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from curate.source.raw import Raw


@dataclass(frozen=True)
class Origins:
    """What a crawl's records say; empty for a plain folder."""

    providers: Counter[str] = field(default_factory=Counter)
    first: str = ""  # UTC, ISO 8601
    last: str = ""


def origins_of(images: Iterable[Raw]) -> Origins:
    """Count the providers of raw images, and find the first and the last time of the crawl."""
    crawled = [(raw.provider, raw.crawled_at) for raw in images if raw.provider is not None]
    if not crawled:
        return Origins()
    times = [time for _, time in crawled]
    return Origins(Counter(provider for provider, _ in crawled), min(times), max(times))
