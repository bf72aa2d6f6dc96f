"""Whether so much is missing that a crawl must not pass for a whole one. Pure."""

from typing import Any

from crawler.answer.counts import Counts
from crawler.answer.failures import WISHES
from crawler.session.figures import counted, placeholder_lines
from fashion_pggan.errors import PassingError, UserError
from fashion_pggan.params import CrawlParams

PAGE_ON_REASONS = "in docs/reference/crawl.md what each reason means"
PAGE_ON_REFERER = "in docs/how-to/permission.md about hosts that want a Referer (crawl.hosts)"
REFERER_HELPS = frozenset({"HTTP_403", "PLACEHOLDER"})


def complaint_about(counts: Counts, found: int, most: float) -> UserError | None:
    """What is wrong with what is missing; None where it may be missing.

    Args:
        counts: of the crawl.
        found: images.
        most: the share of them that may be missing.
    """
    failed = counted(counts.failed)
    again = counts.undecided if counts.fetched + counts.reused else counts.retryable
    if again > found / 2:
        return PassingError(
            f"{again} of {found} images could not be fetched now ({failed}): "
            "run again later; fetched images are kept"
        )
    missing = sum(count for reason, count in counts.failed.items() if reason not in WISHES)
    if missing > most * found:
        return (PassingError if counts.undecided else UserError)(
            f"{missing} of {found} images are missing ({failed}): run again later, "
            f"or raise crawl.max_missing, now {most:g}; fetched images are kept"
        )
    return None


def why_nothing(params: CrawlParams, counts: Counts, found: int, placeholders: list[dict[str, Any]]) -> str:
    """Why a crawl has no image at all, and what to do.

    Args:
        params: of the crawl.
        counts: of the crawl.
        found: images.
        placeholders: rows of the report.
    """
    left_out = f"left out: {counted(counts.left_out)}" if counts.left_out else ""
    if found:
        reasons = "; ".join(
            filter(None, (counted(counts.failed), *placeholder_lines(placeholders, 1), left_out))
        )
        page = PAGE_ON_REFERER if counts.failed.keys() <= REFERER_HELPS else PAGE_ON_REASONS
        return f"none of the {found} images found could be fetched ({reasons}): read {page}"
    why = left_out and f" ({left_out})"
    if params.provider == "urls":
        return f"{params.url_list} holds no URL for part {params.part}{why}: give another list"
    asked = ", ".join(params.query_texts) or params.vocabulary
    return (
        f"the search found no images for {asked}{why}: choose other crawl.queries, or another crawl.provider"
    )
