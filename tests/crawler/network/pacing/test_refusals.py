"""The pace of a host, by refusals: additive increase, multiplicative decrease."""

import itertools
import math

import pytest

from crawler.network.pacing.hosts import Host
from crawler.network.pacing.refusals import SLOWEST, Pace


def refused_at(pace: Pace, now: float, times: int = 4) -> list[bool]:
    return [pace.refused(now, now) for _ in range(times)]


def test_a_host_that_does_not_refuse_has_no_pace() -> None:
    pace = Pace()
    for second in range(100):
        pace.answered(float(second))
    pace.take(100.0)
    assert (pace.rate, pace.next_at) == (math.inf, 100.0)


def test_a_few_refusals_among_answers_are_the_images_own() -> None:
    pace = Pace()
    for second in range(10):
        pace.answered(float(second))
    assert refused_at(pace, 10.0, 3) == [False, False, False]
    assert math.isinf(pace.rate)


def test_more_refusals_halve_the_pace_and_stop_the_host_for_a_moment() -> None:
    pace = Pace()
    for tenth in range(16):
        pace.answered(tenth / 10)
    assert refused_at(pace, 1.6)[-1]
    assert pace.rate == pytest.approx(5.0)  # half of 16 answers in 1.6 s
    assert pace.next_at > 1.6
    assert pace.refused(1.7, sent_at=1.5)  # was on its way
    assert pace.rate == pytest.approx(5.0)
    assert refused_at(pace, 2.0)[-1]
    assert pace.rate == pytest.approx(2.5)


def test_the_pace_grows_step_by_step_while_the_host_answers() -> None:
    pace = Pace()
    pace.answered(0.0)
    refused_at(pace, 1.0)
    rates = []
    for second in range(2, 6):
        pace.answered(float(second))
        rates.append(pace.rate)
    steps = [later - earlier for earlier, later in itertools.pairwise(rates)]
    assert steps == pytest.approx([steps[0]] * 3)
    assert steps[0] > 0


def test_pauses_double_while_nothing_is_answered_and_the_pace_has_a_floor() -> None:
    pace, now, pauses = Pace(), 0.0, []
    for _ in range(20):
        refused_at(pace, now := now + 100)
        pauses.append(pace.next_at - now)
    assert pauses[1] == 2 * pauses[0]
    assert pauses[-1] == 60
    assert pace.rate == SLOWEST


def test_images_that_are_refused_again_while_others_are_served_lower_no_pace() -> None:
    host = Host()
    for _ in range(40):
        served = host.served
        host.answered(well=True)
        assert not host.refused(math.inf, served)
    assert math.isinf(host.pace.rate)
    assert [host.refused(math.inf, host.served) for _ in range(4)] == [False, False, False, True]
