import pytest

from evaluate.worth.spread import mean_of, ratio_of, share_of


def test_the_interval_is_students():
    mean = mean_of([1.0, 2.0, 3.0])
    assert mean.value == 2
    low, high = mean.interval
    assert (low, high) == pytest.approx((2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), abs=1e-4)
    assert mean.plain() == {"value": 2.0, "low": pytest.approx(-0.4841), "high": pytest.approx(4.4841)}


def test_one_seed_has_no_interval_and_is_not_clearly_above_zero():
    mean = mean_of([0.5])
    assert mean.interval is None
    assert not mean.above_zero
    assert mean.plain() == {"value": 0.5, "low": None, "high": None}


def test_equal_numbers_have_an_interval_of_no_width():
    assert mean_of([0.25, 0.25]).interval == (0.25, 0.25)


def test_a_ratio_of_numbers_in_proportion_is_exact():
    ratio = ratio_of([0.1, 0.15, 0.2], [0.2, 0.3, 0.4])
    assert ratio.value == pytest.approx(0.5)
    assert ratio.interval == pytest.approx((0.5, 0.5))


def test_there_is_no_ratio_to_what_is_not_clearly_above_zero():
    assert ratio_of([0.1, 0.2], [0.1, -0.1]) is None
    assert ratio_of([0.1], [0.4]) is None


def test_the_interval_of_a_share_ends_at_0_and_1():
    assert share_of([0.9, 0.99]).interval == (pytest.approx(0.3732, abs=1e-3), 1.0)
    assert share_of([0.0, 0.9]).interval == (0.0, 1.0)
    assert share_of([0.5]).interval is None
