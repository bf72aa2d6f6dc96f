import pytest

from evaluate.report.verdicts import verdicts
from tests.evaluate.report.evaluations import evaluation_of


@pytest.mark.parametrize(
    ("evaluation", "state", "says"),
    [
        (evaluation_of(50.0, 11.0, error=0.8), "good", "11.00 (9.54 to 12.69)"),
        (evaluation_of(50.0, 11.0, error=3.0), "note", "they are wide: measure more images"),
        (evaluation_of(50.0, 30.0), "look", "3.0 times the floor. The intervals do not overlap"),
        (evaluation_of(50.0, 10.0, kind="reused"), "note", "too small for a true floor, which lies higher"),
        (evaluation_of(50.0, 30.0, kind="reused"), "note", "3.0 times the reused-images floor."),
    ],
)
def test_the_distance_is_judged_by_its_interval_and_the_floors(evaluation, state, says):
    verdict = verdicts(evaluation, {}, {})[0]
    assert (verdict.state, verdict.question) == (state, "How far from the real images?")
    assert says in verdict.says


@pytest.mark.parametrize(
    ("averages", "state", "says"),
    [
        ((30.0,), "note", "one snapshot"),
        ((50.0, 30.0), "look", "may still improve"),
        ((31.0, 30.0), "note", "cannot be told from that at 0.0 kimg"),
        ((50.0, 30.0, 31.0), "good", "at 1.0 kimg, cannot be told from the last"),
        ((50.0, 30.0, 40.0), "look", "the last is clearly worse"),
    ],
)
def test_the_course_of_training_is_judged_by_its_best_and_last_snapshot(averages, state, says):
    verdict = verdicts(evaluation_of(*averages), {}, {})[1]
    assert verdict.state == state
    assert says in verdict.says


def _similarity(low, high):
    return {"value": (low + high) / 2, "low": low, "high": high}


@pytest.mark.parametrize(
    ("low", "high", "state", "says"),
    [
        (0.5, 0.6, "look", "mode collapse"),
        (0.0, 0.1, "look", "noise"),
        (0.2, 0.25, "good", "cannot be told apart"),
    ],
)
def test_variation_is_judged_against_that_of_the_real_images(low, high, state, says):
    similarity = {"pairs": 128, "generated": _similarity(low, high), "real": _similarity(0.2, 0.3)}
    verdict = verdicts(evaluation_of(30.0), {"ms_ssim": similarity}, {})[2]
    assert verdict.state == state
    assert says in verdict.says


@pytest.mark.parametrize(("near", "state"), [(0, "good"), (5, "good"), (6, "look"), (256, "look")])
def test_more_near_copies_than_chance_gives_are_told(near, state):
    """Of 256 images 2.56 are expected, and 2 standard errors above it are 5.7."""
    copies = {"images": 256, "copies": 0, "near": near, "expected_share": 0.01}
    assert verdicts(evaluation_of(30.0), {"copies": copies}, {})[2].state == state


@pytest.mark.parametrize(("found", "says"), [(1, "1 of 256 generated images is a copy"), (3, "are copies")])
def test_any_copy_at_all_is_to_be_looked_at(found, says):
    copies = {"images": 256, "copies": found, "near": found, "expected_share": 0.01}
    verdict = verdicts(evaluation_of(30.0), {"copies": copies}, {})[2]
    assert verdict.state == "look"
    assert says in verdict.says


@pytest.mark.parametrize(
    ("train", "state"),
    [
        ({"skipped_steps": 0, "alarms": ""}, "good"),
        ({"skipped_steps": 2, "alarms": ""}, "look"),
        ({"skipped_steps": 0, "alarms": "COLLAPSE"}, "look"),
    ],
)
def test_skipped_steps_and_alarms_are_told(train, state):
    assert verdicts(evaluation_of(30.0), {}, train)[2].state == state
