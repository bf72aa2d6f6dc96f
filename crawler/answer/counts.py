"""What a crawl counts: calls, images, failures by reason."""

from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

KNOWN_BY = ("products", "calls", "images")  # keys by which a report of a crawl is known

ODD_ANSWER, FAILED_CALL = "ODD_ANSWER", "FAILED_CALL"  # of a call: not understood; an error of the API


@dataclass
class Counts:
    """The counts of a crawl so far."""

    calls: int = 0  # search calls of this run, repeated ones included
    pages: int = 0  # answers, with those of earlier runs of this crawl
    fetched: int = 0  # images downloaded by this run
    fetched_bytes: int = 0
    reused: int = 0  # images that were already in the store
    retryable: int = 0  # failures that the next run tries again
    undecided: int = 0  # of these, images that were tried by fewer runs than crawl.tries asks for
    put_off: dict[str, str] = field(default_factory=dict)  # by URL: its host wants it asked for no earlier
    left_out: Counter[str] = field(default_factory=Counter)  # results that are not requested, by reason
    failed: Counter[str] = field(default_factory=Counter)  # images, and queries, by reason
    failed_hosts: Counter[str] = field(default_factory=Counter)
    failed_calls: list[tuple[str, str]] = field(default_factory=list)  # of the search, with the reason

    @property
    def keeps_answers(self) -> bool:
        """Whether the next run retries failures that may pass, with the same search answers."""
        return bool(self.retryable and self.calls)

    def add_failed_call(self, call: str, reason: str) -> None:
        """Count a search call that brought nothing, or a part."""
        self.failed[reason] += 1
        self.failed_calls.append((call, reason))

    def add_failure(self, url: str, reason: str, *, may_pass: bool) -> None:
        """Count an image that could not be fetched."""
        self.failed[reason] += 1
        self.failed_hosts[urlsplit(url).netloc] += 1
        self.retryable += may_pass
