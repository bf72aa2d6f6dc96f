"""How fast to ask and when to ask again: a token bucket, growing pauses, the day in Korea."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

FIRST_PAUSE_S = 0.5  # seconds; doubled for every further attempt
LONGEST_PAUSE_S = 60.0  # seconds; a server that asks for more waits in vain: its image counts as failed
SLOWEST = 1 / 64  # of the rate asked for, after many complaints
KOREA = timezone(timedelta(hours=9))


class TokenBucket:
    """Lets so many calls pass a second; fewer after each complaint, slowly more again.

    Args:
        rate: calls a second.
    """

    def __init__(self, rate: float) -> None:
        self.asked_for = self.rate = rate
        self.next_at = 0.0  # seconds of the monotonic clock

    async def take(self) -> None:
        """Wait for a call's turn."""
        now = time.monotonic()
        turn = max(now, self.next_at)
        self.next_at = turn + 1 / self.rate
        if turn > now:
            await asyncio.sleep(turn - now)
        self.rate = min(self.asked_for, self.rate * 1.02)

    def slow_down(self) -> None:
        """Halve the rate."""
        self.rate = max(self.rate / 2, self.asked_for * SLOWEST)


def pause_before(attempt: int, headers: Mapping[str, bytes] | None = None) -> float:
    """Seconds to wait before a further attempt (1, 2, ...), longer when the server asks for it.

    Args:
        attempt: the attempt's number, from 1.
        headers: of the answer; `Retry-After` in seconds or as a date is respected up to a minute.
    """
    wanted = retry_after_s((headers or {}).get("Retry-After") or b"")
    return min(max(FIRST_PAUSE_S * 2.0 ** (attempt - 1), wanted), LONGEST_PAUSE_S)


def retry_after_s(value: bytes) -> float:
    """Seconds that a Retry-After asks for; 0 when it says nothing that can be read."""
    text = value.decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max(0.0, (until - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0


def day_in_korea(now: datetime) -> str:
    """The day that quotas count by, such as `2026-11-24`."""
    return now.astimezone(KOREA).date().isoformat()


def seconds_to_midnight_in_korea(now: datetime) -> float:
    """How long until quotas are new."""
    local = now.astimezone(KOREA)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - local).total_seconds()
