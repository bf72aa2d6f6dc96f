"""Pauses before another attempt."""

import pytest

from crawler.network.pacing.pauses import pause_before, retry_after_s


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"", 0),
        (b"7", 7),
        (b"x", 0),
        (b"-3", 0),
        (b"9" * 30, 999_999_999),
        (b"Mon, 01 Jan 2026 00:00:00 +" + b"9" * 30, 0),
    ],
)
def test_retry_after_in_seconds(value: bytes, seconds: float) -> None:
    assert retry_after_s(value) == seconds


def test_pauses_grow_to_a_minute() -> None:
    assert pause_before(2) == 2 * pause_before(1)
    assert pause_before(30) == 60
    assert pause_before(1, {"Retry-After": b"20"}) == 20
