"""The rate of search calls and the day of the quota."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.providers.api import Keys
from crawler.providers.naver import HUB
from crawler.providers.provider import Provider
from crawler.providers.quota import (
    DailyCalls,
    TokenBucket,
    calls_a_day,
    calls_per_s,
    seconds_to_midnight_in_korea,
)
from fashion_pggan.errors import UserError
from tests.crawler.plan.words import params_of


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


@pytest.mark.parametrize(
    ("asked", "shared_by", "a_day"),
    [(0, 1, 25_000), (0, 3, 8333), (1000, 4, 250), (2, 2, 1), (1, 3, 1)],
)
def test_crawls_that_share_a_key_share_its_calls(asked: int, shared_by: int, a_day: int) -> None:
    params = params_of(daily_calls=asked, calls_per_s=6.0, key_shared_by=shared_by)
    assert (calls_a_day(params, HUB), calls_per_s(params)) == (a_day, 6 / shared_by)


def test_calls_are_counted_over_a_damaged_file_and_over_no_file_of_the_users(tmp_path: Path) -> None:
    file = tmp_path / "calls.json"
    calls = DailyCalls(file, Provider("demo", None, Keys("id", "key")))
    for count in (1, 2):
        calls.count()
        assert calls.made_today() == count
    whole = file.read_bytes()
    for damaged in (b"", bytes(4096), whole[:-9], b"x" + whole[1:], whole.replace(b"}", b"]")):
        file.write_bytes(damaged)
        assert calls.made_today() == 0
    file.write_bytes(b"call the dentist")
    with pytest.raises(UserError, match=r"calls\.json does not count calls of a crawl: move it away"):
        calls.count()
    assert file.read_bytes() == b"call the dentist"
