"""What a crawl counts while it goes."""

from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Tally:
    """What a crawl has counted so far."""

    calls: int = 0  # of the search API by this run, repeated ones too
    pages: int = 0  # answers, those of earlier runs of the same crawl too
    fetched: int = 0  # images downloaded now
    fetched_bytes: int = 0
    reused: int = 0  # images that were in the store already
    again: int = 0  # failures that a further run tries again
    left_out: Counter[str] = field(default_factory=Counter)  # results not asked for, by reason
    failed: Counter[str] = field(default_factory=Counter)  # images, and queries, by reason
    failed_hosts: Counter[str] = field(default_factory=Counter)

    def lost(self, url: str, reason: str, *, may_pass: bool) -> None:
        """Count an image that could not be had."""
        self.failed[reason] += 1
        self.failed_hosts[urlsplit(url).netloc] += 1
        self.again += may_pass
