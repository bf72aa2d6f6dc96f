"""How fast and how often the search API is called: a token bucket, and a day's calls of each key."""

import asyncio
import hashlib
import logging
import re
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, Strict, ValidationError

from crawler.lines import line_of, values_of
from crawler.providers.api import SearchApi
from crawler.providers.provider import Provider
from fashion_pggan.errors import UserError
from fashion_pggan.params import CrawlParams
from fashion_pggan.storage.bounded.plain_file import read_bytes

log = logging.getLogger(__name__)

SLOWEST = 1 / 64  # share of the given rate, after many complaints
OURS = re.compile(rb'\{"day": "|\x00*\Z|.*, "crc32": "[0-9a-f]{8}"\}\n\Z', re.DOTALL)  # damaged at one end
MOST_BYTES = 1 << 20  # of the file: a line for each key
KOREA = timezone(timedelta(hours=9))


class TokenBucket:
    """Limits calls to a rate; halves the rate after a complaint and raises it slowly afterwards.

    Args:
        rate: calls a second.
    """

    def __init__(self, rate: float) -> None:
        self.asked_for = self.rate = rate
        self.next_at = 0.0  # seconds of the monotonic clock

    async def take(self) -> None:
        """Wait until a call is allowed."""
        now = time.monotonic()
        turn = max(now, self.next_at)
        self.next_at = turn + 1 / self.rate
        if turn > now:
            await asyncio.sleep(turn - now)
        self.rate = min(self.asked_for, self.rate * 1.02)

    def slow_down(self) -> None:
        """Halve the rate."""
        self.rate = max(self.rate / 2, self.asked_for * SLOWEST)


class Said(BaseModel):
    """What the file says."""

    day: str
    calls: dict[str, Annotated[int, Strict(), Field(ge=0)]]  # by key


class DailyCalls:
    """Counts the calls that each key has made today, over all crawls of a store.

    Args:
        file: holds the counts; it names keys by a hash.
        provider: whose key is counted.
    """

    def __init__(self, file: Path, provider: Provider) -> None:
        self.file = file
        self.key = hashlib.sha256(f"{provider.name} {provider.keys.key}".encode()).hexdigest()[:12]

    def made_today(self) -> int:
        """Calls of this key since midnight in Korea.

        Raises:
            UserError: another file has the name of the counts.
        """
        return self._read().get(self.key, 0)

    def count(self) -> None:
        """Count one call. The write is atomic but not synced: syncing takes longer than the call.

        Raises:
            UserError: another file has the name of the counts.
        """
        calls = self._read()
        calls[self.key] = calls.get(self.key, 0) + 1
        temporary = self.file.with_name(f".{self.file.name}")
        temporary.write_bytes(line_of({"day": day_in_korea(datetime.now(UTC)), "calls": calls}))
        temporary.replace(self.file)

    def _read(self) -> dict[str, int]:
        try:
            data = read_bytes(self.file, MOST_BYTES)
        except OSError:
            return {}
        if not OURS.match(data):
            raise UserError(f"{self.file} does not count calls of a crawl: move it away, and crawl again")
        try:
            said = Said.model_validate(values_of(data)[0])
        except ValidationError:
            log.warning("%s is damaged: counting the calls of today from 0", self.file)
            return {}
        return said.calls if said.day == day_in_korea(datetime.now(UTC)) else {}


def calls_per_s(params: CrawlParams) -> float:
    """How fast a crawl may call: its share of what the key allows."""
    return params.calls_per_s / params.key_shared_by


def calls_a_day(params: CrawlParams, api: SearchApi) -> int:
    """How many calls a crawl may make a day: its share of the key's quota, and one at least."""
    return max(1, (params.daily_calls or api.daily_calls) // params.key_shared_by)


def day_in_korea(now: datetime) -> str:
    """The day that quotas count by, such as `2026-11-24`."""
    return now.astimezone(KOREA).date().isoformat()


def seconds_to_midnight_in_korea(now: datetime) -> float:
    """Seconds until the daily quota is reset."""
    local = now.astimezone(KOREA)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - local).total_seconds()
