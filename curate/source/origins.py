"""Where a dataset comes from: the crawl behind its raw images."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from fashion_pggan.storage.records import RawImage, iterate_records

RECORDS = "records.parquet"  # of a crawl


@dataclass(frozen=True)
class Origins:
    """What a crawl's records say; empty for a plain folder."""

    providers: Counter[str] = field(default_factory=Counter)
    first: str = ""  # UTC, ISO 8601
    last: str = ""


def origins_of(source: Path) -> Origins:
    """Read the records of a crawl, if `source` is one."""
    if not (source / RECORDS).is_file():
        return Origins()
    providers: Counter[str] = Counter()
    first = last = ""
    for record in iterate_records(source / RECORDS, RawImage):
        providers[record.provider] += 1
        first = min(first or record.crawled_at, record.crawled_at)
        last = max(last, record.crawled_at)
    return Origins(providers, first, last)
