"""The rate of search calls and the day of the quota."""

import asyncio
import time
from datetime import UTC, datetime

from crawler.providers.quota import TokenBucket, seconds_to_midnight_in_korea


def test_quotas_are_new_at_midnight_in_korea() -> None:
    assert seconds_to_midnight_in_korea(datetime(2026, 11, 24, 14, 0, tzinfo=UTC)) == 3600
    assert seconds_to_midnight_in_korea(datetime(2026, 11, 24, 15, 0, tzinfo=UTC)) == 86_400


def test_calls_are_no_faster_than_their_rate_and_slower_after_complaints() -> None:
    async def seconds(bucket: TokenBucket) -> float:
        began = time.monotonic()
        for _ in range(6):
            await bucket.take()
        return time.monotonic() - began

    bucket = TokenBucket(50)
    assert asyncio.run(seconds(bucket)) >= 0.1
    for _ in range(2):
        bucket.slow_down()
    bucket.next_at = 0.0
    assert asyncio.run(seconds(bucket)) >= 0.35
    for _ in range(20):
        bucket.slow_down()
    assert bucket.rate == 50 / 64
