import math

import pytest

from train.record.alarms import alarms_in, lately

DISTANCE = 100.0  # of two images of the dataset


@pytest.fixture
def thresholds(preset):
    return preset.model_copy(
        update={
            "alarm_after_kimg": 3.0,
            "alarm_gap_growth": 5.0,
            "alarm_gap_share": 0.25,
            "alarm_penalty": 3.0,
            "alarm_stddev": 0.1,
            "alarm_skipped": 0.1,
        }
    )


def names(rows, thresholds) -> list[str]:
    return [alarm.name for alarm in alarms_in(rows, DISTANCE, thresholds)]


def test_a_run_that_goes_well_raises_no_alarm(rows, thresholds):
    assert names([], thresholds) == []
    assert names(rows()[:1], thresholds) == []
    assert names(rows(), thresholds) == []


SLOW = [
    ("score_gap", {"score_gap": 25.1}, {"score_gap": 24.9}),  # a quarter of the distance; median 2
    ("score_gap", {"score_gap": -25.1}, {"score_gap": -24.9}),
    ("penalty", {"penalty_norm": 3.01}, {"penalty_norm": 2.99}),
    ("penalty", {"penalty_norm": 0.33}, {"penalty_norm": 0.34}),
    ("stddev", {"sample_stddev": 0.099}, {"sample_stddev": 0.101}),
]


@pytest.mark.parametrize(("name", "bad", "good"), SLOW)
def test_a_slow_sign_beyond_its_threshold_is_an_alarm_and_one_within_is_not(
    rows, thresholds, name, bad, good
):
    assert names(rows(3, **bad), thresholds) == [name]
    assert names(rows(3, **good), thresholds) == []


@pytest.mark.parametrize(("name", "bad", "good"), SLOW)
def test_a_slow_sign_must_hold_at_each_row_for_the_length_given(rows, row, thresholds, name, bad, good):
    assert names(rows(2, **bad), thresholds) == []
    recovered = rows(3, **bad)
    recovered[-2] = row(recovered[-2].kimg, **good)
    assert names(recovered, thresholds) == []


def test_the_score_gap_is_held_against_its_own_history(rows, row, thresholds):
    wide = [row(float(kimg), score_gap=10.0) for kimg in range(1, 21)]
    within = [row(float(kimg), score_gap=49.0) for kimg in (21, 22, 23)]
    beyond = [row(float(kimg), score_gap=51.0) for kimg in (21, 22, 23)]
    assert names(wide + within, thresholds) == []
    assert names(wide + beyond, thresholds) == ["score_gap"]


def test_a_score_gap_beyond_what_images_allow_needs_no_history(row, thresholds):
    for gap, expected in ((99.0, []), (101.0, ["score_gap"])):
        assert names([row(float(kimg), score_gap=gap) for kimg in range(1, 5)], thresholds) == expected


def test_a_low_penalty_norm_is_normal_before_it_first_came_near_one(row, thresholds):
    rising = [row(float(kimg), penalty_norm=0.1) for kimg in range(1, 10)]
    assert names(rising, thresholds) == []
    arrived = [row(0.5, penalty_norm=0.6), *rising]
    assert names(arrived, thresholds) == ["penalty"]


@pytest.mark.parametrize("skipped", [0, 24, 26])
def test_many_skipped_steps_are_an_alarm_at_once(rows, thresholds, skipped):
    """1,000 images in steps of 8 are 125 steps of each network: 25 of the 250 are a tenth."""
    assert names(rows(1, skipped_steps=skipped), thresholds) == (["skipped"] if skipped > 25 else [])


def test_steps_skipped_long_ago_are_no_alarm(rows, thresholds):
    assert names(rows(2, skipped_steps=200), thresholds) == []


@pytest.mark.parametrize("name", ["critic_loss", "generator_loss", "score_gap", "penalty_norm"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_an_alarm_at_once_and_is_named(rows, thresholds, name, value):
    (alarm,) = alarms_in(rows(1, **{name: value}), DISTANCE, thresholds)
    assert alarm.name == "not_finite"
    assert alarm.text.startswith(f"not finite: {name}; lower train.learning_rate_base")


def test_an_alarm_says_its_value_its_threshold_and_what_to_do(rows, thresholds):
    (gap,) = alarms_in(rows(3, score_gap=40.0), DISTANCE, thresholds)
    assert "the score gap is 40, beyond 25" in gap.text
    assert "train.alarm_gap_growth 5" in gap.text
    (stddev,) = alarms_in(rows(3, sample_stddev=0.01), DISTANCE, thresholds)
    assert "differ 0.01 times as much as the dataset's (train.alarm_stddev 0.1)" in stddev.text
    assert "look at latest.png" in stddev.text
    (skipped,) = alarms_in(rows(1, skipped_steps=50), DISTANCE, thresholds)
    assert skipped.text.startswith("20% of the steps since the last row were skipped")


def test_an_alarm_that_held_lately_is_the_same_one(rows, row, thresholds):
    before = [*rows(), row(21.0, alarms="stddev penalty"), row(22.0)]
    assert lately(before, thresholds) == {"stddev", "penalty"}
    assert lately([*before, row(24.5)], thresholds) == set()
    assert lately([], thresholds) == set()
