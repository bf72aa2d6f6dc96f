"""What a crawl counts while it goes, and how it is told to people. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

SHOWN = 10  # rows of a table for people


@dataclass
class Tally:
    """What a crawl has counted so far."""

    calls: int = 0  # of the search API by this run, repeated ones too
    pages: int = 0  # answers, of earlier runs of the same crawl too
    fetched: int = 0  # pictures downloaded now
    fetched_bytes: int = 0
    reused: int = 0  # pictures that were in the store already
    left_out: Counter[str] = field(default_factory=Counter)  # results not asked for, by reason
    failed: Counter[str] = field(default_factory=Counter)  # by reason
    hosts: Counter[str] = field(default_factory=Counter)  # pictures that were had
    failed_hosts: Counter[str] = field(default_factory=Counter)

    def reasons(self) -> str:
        """The failures for people: `HTTP_404 3, TIMEOUT 1`."""
        return counted(self.failed)


def counted(counts: dict[str, int]) -> str:
    """Counts for people, the largest first."""
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))


def summary_of(figures: dict[str, Any]) -> str:
    """A crawl's figures in one line for people."""
    failed = counted(figures["failed"])
    return (
        f"{figures['pictures']} pictures of {figures['products']} found: {figures['fetched']} fetched, "
        f"{figures['reused']} in the store before, {failed or 'none'} failed"
    )


def table_of(figures: dict[str, Any]) -> str:
    """A crawl's figures on a screen for people: calls, yields, hosts, failures, rate."""
    rate = figures["fetched"] / figures["seconds"] if figures["seconds"] else 0.0
    lines = [
        f"search calls    {figures['calls']:,} ({figures['calls_now']:,} by this run)",
        f"pictures        {figures['pictures']:,} in {figures['files']:,} files, {_size(figures['bytes'])}",
        f"fetched now     {figures['fetched']:,}, {_size(figures['fetched_bytes'])}, {rate:.1f}/s",
        f"failed          {counted(figures['failed']) or 'none'}",
        f"left out        {counted(figures['left_out']) or 'none'}",
        f"next run        {_next(figures)}",
    ]
    for title, rows in (("query", figures["queries"]), ("word", figures["words"])):
        best = sorted(rows.items(), key=lambda row: -row[1]["new"])[:SHOWN]
        if len(rows) > 1:
            lines += ["", f"new pictures by {title} (calls)"]
            lines += [f"  {seen['new']:>7,} ({seen['calls']:,})  {name}" for name, seen in best]
    hosts = sorted(figures["hosts"].items(), key=lambda row: -row[1])[:SHOWN]
    if len(figures["hosts"]) > 1:
        lines += ["", "pictures by host", *(f"  {count:>7,}  {host}" for host, count in hosts)]
    return "\n".join(lines)


def _next(figures: dict[str, Any]) -> str:
    again = figures["may_pass"]
    return f"would try {again:,} pictures again whose failure may pass" if again else "has nothing to mend"


def _size(size: float) -> str:
    return f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.2f} GB"
