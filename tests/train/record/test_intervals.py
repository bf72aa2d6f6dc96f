import pytest

from train.record import intervals
from train.record.intervals import EveryKimg, EverySeconds, Stopwatch


def test_each_multiple_of_an_interval_is_passed_once():
    every = EveryKimg(0.1, 0)
    assert [shown for shown in range(16, 401, 16) if every.passed(shown)] == [112, 208, 304, 400]


@pytest.mark.parametrize("start", [16, 96, 112, 208])
def test_a_resumed_run_passes_the_same_multiples(start):
    every = EveryKimg(0.1, start)
    passed = [shown for shown in range(start + 16, 401, 16) if every.passed(shown)]
    assert passed == [shown for shown in (112, 208, 304, 400) if shown > start]


def test_seconds_are_over_until_they_are_begun_again(monkeypatch):
    now = [50.0]
    monkeypatch.setattr(intervals.time, "monotonic", lambda: now[0])
    every = EverySeconds(10.0)
    assert not every.over()
    now[0] = 60.0
    assert every.over()
    assert every.over()
    every.begin()
    assert not every.over()


def test_a_stopwatch_adds_up_what_passes_inside_it(monkeypatch):
    now = [50.0]
    monkeypatch.setattr(intervals.time, "monotonic", lambda: now[0])
    watch = Stopwatch()
    watch.seconds = 3.0  # of an earlier start
    with watch:
        now[0] = 60.0
        assert watch.seconds == 13.0
    now[0] = 70.0
    assert watch.seconds == 13.0
    with watch:
        now[0] = 71.5
    assert watch.seconds == 14.5
