"""How long to pause before another attempt: growing pauses, and what Retry-After asks for. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

FIRST_PAUSE_S = 0.5  # seconds; doubles with each further attempt
LONGEST_PAUSE_S = 60.0  # seconds; an image that must wait longer counts as failed


def pause_before(attempt: int, headers: Mapping[str, bytes] | None = None) -> float:
    """Seconds to wait before another attempt.

    Args:
        attempt: the attempt's number, from 1.
        headers: of the answer; its `Retry-After` (seconds or a date) lengthens the pause up to a minute.
    """
    wanted = retry_after_s((headers or {}).get("Retry-After") or b"")
    return min(max(FIRST_PAUSE_S * 2.0 ** (attempt - 1), wanted), LONGEST_PAUSE_S)


def moment_in(seconds: float) -> str:
    """The moment after some seconds from now: UTC, ISO 8601."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="seconds")


def retry_after_s(value: bytes) -> float:
    """Seconds that a Retry-After asks for; 0 when it cannot be read."""
    text = value.decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max(0.0, (until - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
