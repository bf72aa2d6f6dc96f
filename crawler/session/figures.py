"""A crawl's figures: for the report, as a line, and as tables on a screen. Pure.

The fields of the report are described in docs/reference/files.md.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from crawler.answer.counts import Counts
from crawler.answer.failures import OF_CALLS
from crawler.answer.plural import many
from crawler.plan.families import Yield
from crawler.store.stored import StoredImage
from fashion_pggan.errors import bytes_in_words

SHOWN = 10  # rows of a table on a screen
NOT_ASKED_AGAIN = frozenset({"FORGOTTEN", "PLACEHOLDER"})  # by the next crawl


def figures_of(
    counts: Counts, stored: list[StoredImage], products: int, provider: str, seconds: float
) -> dict[str, Any]:
    """The figures of a crawl; its tables are lists of rows, the largest first."""
    sizes = {image.sha256: image.size for image in stored}
    hosts = Counter(urlsplit(image.url).netloc for image in stored)
    return {
        "provider": provider,
        "products": products,
        "calls": counts.pages,
        "calls_now": counts.calls,
        "images": len(stored),
        "files": len(sizes),
        "bytes": sum(sizes.values()),
        "fetched": counts.fetched,
        "fetched_bytes": counts.fetched_bytes,
        "reused": counts.reused,
        "failed": dict(sorted(counts.failed.items())),
        "left_out": dict(sorted(counts.left_out.items())),
        "may_pass": counts.retryable,
        "put_off": _put_off(counts.put_off),
        "seconds": round(seconds, 3),
        "images_per_s": round(counts.fetched / seconds, 1) if seconds else 0.0,
        "hosts": [
            {"host": host, "images": hosts[host], "failed": counts.failed_hosts[host]}
            for host, _ in (hosts + counts.failed_hosts).most_common()
        ],
    }


def _put_off(moments: dict[str, str]) -> list[dict[str, Any]]:
    """How many images each host wants asked for later, and the last of the moments that it names."""
    hosts: dict[str, list[str]] = defaultdict(list)
    for url, moment in moments.items():
        hosts[urlsplit(url).netloc].append(moment)
    return [{"host": host, "images": len(each), "until": max(each)} for host, each in hosts.items()]


def yields_of(name: str, yields: Iterable[tuple[str, Yield]]) -> list[dict[str, Any]]:
    """A table of the new images that queries, or words, have brought."""
    rows = [
        {name: key, "calls": seen.calls, "results": seen.results, "new": seen.new} for key, seen in yields
    ]
    return sorted(rows, key=lambda row: -row["new"])


def line_of(figures: dict[str, Any]) -> str:
    """The figures in one line."""
    images, calls = _failed(figures)
    said = f"; of the search {counted(calls)}" if calls else ""
    return (
        f"{many(figures['images'], 'image')} of {figures['products']} found: {figures['fetched']} fetched, "
        f"{figures['reused']} in the store before, {counted(images) or 'none'} failed{said}"
    )


def tables_of(figures: dict[str, Any]) -> list[str]:
    """The figures as lines of tables: calls, yields, hosts, failures, rate."""
    images, calls = _failed(figures)
    return [
        f"search calls   {figures['calls']:,}, {figures['calls_now']:,} of them by this run",
        (
            f"images         {figures['images']:,} in {many(figures['files'], 'file')}, "
            f"{bytes_in_words(figures['bytes'])}"
        ),
        (
            f"fetched now    {figures['fetched']:,}, {bytes_in_words(figures['fetched_bytes'])}, "
            f"{figures['images_per_s']:.1f}/s in {figures['seconds']:.0f} s"
        ),
        f"failed         {counted(images) or 'none'}",
        *([f"search failed  {counted(calls)}"] if calls else []),
        *(
            f"put off        {many(row['images'], 'image')} by {row['host']}, until {row['until']}"
            for row in figures["put_off"][:SHOWN]
        ),
        f"left out       {counted(figures['left_out']) or 'none'}",
        *placeholder_lines(figures["placeholders"], SHOWN),
        *map(_shared_in_words, figures["shared"][:SHOWN]),
        f"a further run  {_further(figures)}",
        *_table(figures["queries"], "new images by query", "query", "new"),
        *_table(figures["words"], "new images by word", "word", "new"),
        *_table(figures["hosts"], "images by host", "host", "images"),
    ]


def placeholder_lines(rows: list[dict[str, Any]], most: int) -> list[str]:
    """What to know and to do about files that came for many products.

    Args:
        rows: of the report.
        most: files that are named.
    """
    more = [f"placeholder    and {many(len(rows) - most, 'file')} more"] if len(rows) > most else []
    return [f"placeholder    {_placeholder_in_words(row)}" for row in rows[:most]] + more


def _placeholder_in_words(row: dict[str, Any]) -> str:
    counts = f"{many(row['addresses'], 'URL')} of {many(row['products'], 'product')}"
    return (
        f"one file came under {counts} and is left out, such as {row['example']}; to forget it: "
        f"`fashion-pggan crawl forget --sha256 {row['sha256']}`; to keep it: a higher crawl.max_sharing"
    )


def _shared_in_words(row: dict[str, Any]) -> str:
    return (
        f"one file       under {many(row['addresses'], 'URL')} without title or page, "
        f"such as {row['example']}; if it is a placeholder, forget it: "
        f"`fashion-pggan crawl forget --sha256 {row['sha256']}`"
    )


def _further(figures: dict[str, Any]) -> str:
    """What the next run of the same crawl would do."""
    failed, _ = _failed(figures)
    fetches = figures["products"] - figures["images"] - sum(failed.values())
    parts = {
        "makes about {search call}": figures["calls_left"],
        "fetches {image} found before": max(0, fetches),
        f"tries {{image}} again{_how(figures)}": figures["may_pass"],
        "begins a new crawl and asks again for {image} that failed": _asked_anew(figures),
        "asks again after a week for {image} behind placeholders": figures["failed"].get("PLACEHOLDER", 0),
    }
    said = [_with_number(text, count) for text, count in parts.items() if count]
    said += ["finds more in the list with a higher crawl.max_products"] * figures["list_has_more"]
    return ", ".join(said) or "finds nothing to do"


def _asked_anew(figures: dict[str, Any]) -> int:
    """How many images failed for good in this crawl; the next one tries them."""
    if figures["calls_left"] or figures["keeps_answers"]:
        return 0
    images, _ = _failed(figures)
    failed = sum(count for reason, count in images.items() if reason not in NOT_ASKED_AGAIN)
    may_pass: int = figures["may_pass"]
    return failed - may_pass


def _failed(figures: dict[str, Any]) -> tuple[dict[str, int], dict[str, int]]:
    """Which images failed, and which search calls: counts by reason."""
    failed: dict[str, int] = figures["failed"]
    calls = {reason: count for reason, count in failed.items() if reason in OF_CALLS}
    return {reason: count for reason, count in failed.items() if reason not in OF_CALLS}, calls


def _with_number(text: str, count: int) -> str:
    """A text with a noun in braces: with its number."""
    before, _, rest = text.partition("{")
    noun, _, after = rest.partition("}")
    return f"{before}{many(count, noun)}{after}"


def _how(figures: dict[str, Any]) -> str:
    if figures["calls_left"] or not figures["calls"]:
        return ""
    return " without search calls" if figures["keeps_answers"] else " and calls the search again"


def tell_scrapy(stats: Any, figures: dict[str, Any]) -> None:
    """Give Scrapy's stats the numbers, under `crawl/`."""
    for name, value in figures.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        for part, number in parts:
            if isinstance(number, int | float):
                stats.set_value("/".join(filter(None, ("crawl", name, part))), number)


def counted(counts: dict[str, int]) -> str:
    """Counts in words, the largest first: `HTTP_404 3, TIMEOUT 1`."""
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))


def _table(rows: list[dict[str, Any]], title: str, name: str, value: str) -> list[str]:
    if len(rows) < 2:
        return []
    calls = [f" in {many(row['calls'], 'call')}" if "calls" in row else "" for row in rows]
    shown = [f"  {row[value]:>8,}  {row[name]}{said}" for row, said in zip(rows[:SHOWN], calls, strict=False)]
    more = [f"  {'':>8}  and {len(rows) - SHOWN:,} more"] if len(rows) > SHOWN else []
    return ["", title, *shown, *more]
