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


def test_between_two_rows_the_time_left_goes_down_with_what_is_shown(row):
    outlook = Outlook(3000, lambda shown: 16 if shown < 2000 else 32)
    assert outlook.left(0) is None
    outlook.learn([row(1.0, resolution=16, s_per_kimg=10.0)], 1000)
    assert outlook.speed == 10.0
    assert outlook.left(1000) == Left(pytest.approx(20.0), (32,))
    assert outlook.left(1500) == Left(pytest.approx(15.0), (32,))
    outlook.learn([row(1.0, resolution=16, s_per_kimg=10.0), row(2.5, resolution=32, s_per_kimg=40.0)], 2500)
    assert outlook.left(2500) == Left(pytest.approx(20.0), ())
    assert outlook.left(3016).seconds == 0.0
