"""Whether so much is missing that a crawl must not pass for a whole one. Pure."""

from crawler.answer.counts import Counts
from crawler.answer.failures import WISHES
from crawler.session.figures import counted
from fashion_pggan.errors import PassingError, UserError


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
