import pytest

from train.growth.schedule import phase_at
from train.record.pace import Left, Outlook, kimg_left, left_of, speeds_of


def test_kimg_are_counted_by_the_resolution_at_which_they_will_run(params):
    """4 px alone, then each level from the start of its transition on."""

    def resolution_at(images_shown):
        return phase_at(images_shown, 16, 1, params).resolution

    left = kimg_left(0, 800, resolution_at)
    assert left == pytest.approx({4: 0.15, 8: 0.3, 16: 0.35}, abs=0.003)
    assert kimg_left(460, 800, resolution_at) == pytest.approx({16: 0.34})
    assert kimg_left(800, 800, resolution_at) == kimg_left(816, 800, resolution_at) == {}


def test_a_level_is_as_fast_as_the_middle_of_its_newest_rows(row):
    old = [row(float(kimg), s_per_kimg=50.0) for kimg in range(40)]
    new = [row(float(kimg), s_per_kimg=speed) for kimg, speed in enumerate([7.0] * 19 + [900.0])]
    assert speeds_of([row(0.0, resolution=8, s_per_kimg=2.0), *old, *new]) == {8: 2.0, 16: 7.0}


def test_the_rest_is_exact_once_all_levels_are_measured():
    left = left_of({16: 2.0, 32: 10.0}, {8: 1.0, 16: 3.0, 32: 20.0})
    assert left == Left(206.0, ())
    assert str(left) == "3 min 26 s left"


def test_levels_that_nobody_has_measured_make_it_a_lower_bound():
    left = left_of({16: 2.0, 32: 10.0, 64: 10.0}, {8: 1.0, 16: 3.0})
    assert left == Left(66.0, (32, 64))
    assert str(left) == "at least 1 min 6 s left"


def test_nothing_is_said_before_anything_is_measured():
    assert left_of({4: 1.0}, {}) is None


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def outlook(clock):
    return Outlook(3000, lambda shown: 16 if shown < 2000 else 32, clock)


def test_between_two_rows_the_time_left_goes_down_with_what_is_shown(outlook, row):
    assert outlook.left(0) is None
    assert outlook.speed is None
    outlook.learn([row(1.0, resolution=16, s_per_kimg=10.0)], 1000)
    outlook.look(1000, 16)
    assert outlook.speed == 10.0
    assert outlook.left(1000) == Left(pytest.approx(20.0), (32,))
    assert outlook.left(1500) == Left(pytest.approx(15.0), (32,))
    outlook.learn([row(1.0, resolution=16, s_per_kimg=10.0), row(2.5, resolution=32, s_per_kimg=40.0)], 2500)
    outlook.look(2500, 32)
    assert outlook.left(2500) == Left(pytest.approx(20.0), ())
    assert outlook.left(3016).seconds == 0.0


def test_on_a_machine_that_others_use_the_last_minute_counts(outlook, clock, row):
    """The row that tells of the slowness comes half an hour later."""
    outlook.learn([row(1.0, resolution=16, s_per_kimg=10.0), row(1.0, resolution=32, s_per_kimg=40.0)], 1000)
    outlook.look(1000, 16)
    assert outlook.left(1000).seconds == pytest.approx(10.0 + 40.0)
    for second in range(1, 121):
        clock.now = float(second)
        outlook.look(1000 + second, 16)
    assert outlook.speed == pytest.approx(1000.0)
    assert outlook.left(1120).seconds == pytest.approx(880.0 + 4000.0)
    for tenth in range(1, 601):  # the others have ended
        clock.now = 120.0 + tenth / 10
        outlook.look(1120 + tenth, 16)
    assert outlook.speed == pytest.approx(100.0)
    assert outlook.left(1720).seconds == pytest.approx(28.0 + 400.0)


def test_a_level_that_has_just_begun_takes_its_usual_time_on_this_day(outlook, clock, row):
    outlook.learn([row(1.0, resolution=16, s_per_kimg=10.0), row(1.0, resolution=32, s_per_kimg=40.0)], 1900)
    outlook.look(1900, 16)
    clock.now = 20.0
    outlook.look(2000, 16)
    outlook.look(2000, 32)
    assert outlook.speed == pytest.approx(800.0)
    assert outlook.left(2000).seconds == pytest.approx(800.0)


def test_a_step_may_take_longer_than_the_minute(outlook, clock):
    for look in range(4):
        clock.now = 100.0 * look
        outlook.look(50 * look, 16)
    assert outlook.speed == pytest.approx(2000.0)
    assert outlook.left(150) == Left(pytest.approx(5700.0, rel=0.01), (32,))
