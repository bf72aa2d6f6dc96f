import pytest

from evaluate.report.verdict import Verdict
from evaluate.report.verdicts import headline, verdicts
from tests.evaluate.report.evaluations import evaluation_of

COPIES = "Does it copy training images?"
COURSE = "Was it trained long enough?"
DISTANCE = "How far from the real images?"
HEALTH = "Did training stay healthy?"
VARIATION = "Do its images vary?"


def answer_to(question: str, *facts) -> Verdict:
    (answer,) = (each for each in verdicts(*facts) if each.question == question)
    return answer


@pytest.mark.parametrize(
    ("evaluation", "state", "says"),
    [
        (evaluation_of(50.0, 11.0, error=0.8), "good", "11.00 (9.54 to 12.69), on images that did not"),
        (evaluation_of(50.0, 11.0, error=3.0), "note", "is wide: measure more images"),
        (evaluation_of(50.0, 30.0, chances=(0.0, 1.0)), "look", "can still improve (below 0.1 %)"),
        (evaluation_of(50.0, 11.0, chances=(0.049, 0.951)), "look", "can still improve (4.9 %)"),
        (evaluation_of(50.0, 11.0, error=0.8, chances=(0.051, 0.949)), "good", "often enough (5.1 %)"),
        (evaluation_of(50.0, 10.0, kind="reused"), "note", "too low, so the test decides, not the ratio"),
        (evaluation_of(50.0, 30.0, kind="reused", chances=(0.0, 1.0)), "look", "3.0 times the reused-images"),
        (evaluation_of(50.0, 4.0, error=0.3, chances=(1.0, 0.0)), "bad", "training images are repeated"),
        (evaluation_of(50.0, 11.0, chances=None), "note", "There are too few images"),
        (evaluation_of(30.0, 29.0), "bad", "has not brought the images clearly nearer"),
        (evaluation_of(30.0, 31.0, kind="reused"), "bad", "The untrained network lies at 30.00"),
    ],
)
def test_the_distance_is_judged_by_its_test_and_the_ratio(evaluation, state, says):
    verdict = answer_to(DISTANCE, evaluation, {}, {})
    assert verdict.state == state
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
    verdict = answer_to(COURSE, evaluation_of(*averages), {}, {})
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
    verdict = answer_to(VARIATION, evaluation_of(30.0), {"ms_ssim": similarity}, {})
    assert verdict.state == state
    assert says in verdict.says


def _distinct(images, distinct, real_distinct=256):
    return {"images": images, "distinct": distinct, "real_images": 256, "real_distinct": real_distinct}


@pytest.mark.parametrize(
    ("distinct", "state", "short"),
    [
        (_distinct(256, 32), "bad", "32 of 256 generated images are distinct, the others repeat them"),
        (_distinct(256, 250), "look", "250 of 256 generated images are distinct, the others repeat them"),
        (_distinct(256, 250, real_distinct=249), "good", "as varied as the training images"),
        (_distinct(256, 256), "good", "as varied as the training images"),
    ],
)
def test_images_that_repeat_each_other_are_counted_though_their_pairs_look_varied(distinct, state, short):
    similarity = {"pairs": 128, "generated": _similarity(0.2, 0.25), "real": _similarity(0.2, 0.3)}
    measures = {"ms_ssim": similarity, "distinct": distinct}
    verdict = answer_to(VARIATION, evaluation_of(30.0), measures, {})
    assert (verdict.state, verdict.short) == (state, short)


def test_repeated_images_are_told_without_pairs_to_compare():
    measures = {"ms_ssim": None, "distinct": _distinct(256, 32)}
    assert answer_to(VARIATION, evaluation_of(30.0), measures, {}).state == "bad"


def _copies(count=0, chance=0.5, expected=0.01, altered=0, altered_chance=1.0):
    return {
        "images": 256,
        "copies": count,
        "near": max(count, 3),
        "expected_share": expected,
        "chance": chance,
        "altered": altered,
        "altered_chance": altered_chance,
    }


@pytest.mark.parametrize(
    ("chance", "state"), [(0.5, "note"), (0.021, "note"), (0.019, "look"), (0.0, "look")]
)
def test_more_near_images_than_chance_gives_are_told(chance, state):
    assert answer_to(COPIES, evaluation_of(30.0), {"copies": _copies(chance=chance)}, {}).state == state


def test_darker_images_that_lie_nearer_to_all_others_are_not_called_copies():
    tone = {"generated": 40.0, "real": 90.0, "spread": 20.0, "low": -60.0, "high": -40.0, "chance": 0.0}
    colours = {name: dict.fromkeys(("red", "green", "blue"), tone) for name in ("mean", "contrast")}
    measures = {"copies": _copies(chance=0.0), "colours": colours}
    verdict = answer_to(COPIES, evaluation_of(30.0), measures, {})
    assert verdict.state == "note"
    assert "more than by chance. Images with less contrast or other colours lie nearer to all" in verdict.says


def test_no_copy_is_no_praise_for_there_are_copies_that_are_not_found():
    verdict = answer_to(COPIES, evaluation_of(30.0), {"copies": _copies()}, {})
    assert verdict.says.endswith("and most that are changed more strongly or in several ways.")


@pytest.mark.parametrize(("chance", "state"), [(0.5, "note"), (0.019, "bad")])
def test_altered_copies_are_told_and_more_than_by_chance_are_bad(chance, state):
    copies = _copies(altered=9, altered_chance=chance)
    verdict = answer_to(COPIES, evaluation_of(30.0), {"copies": copies}, {})
    assert verdict.state == state
    assert "9 " in verdict.says
    assert "Look at the pairs below" in verdict.says or "look at the pairs below" in verdict.says


def test_too_few_training_images_accuse_nobody():
    verdict = answer_to(COPIES, evaluation_of(30.0), {"copies": _copies(chance=None, expected=None)}, {})
    assert verdict.state == "note"
    assert "too few training images" in verdict.says


@pytest.mark.parametrize(("found", "says"), [(1, "1 of 256 generated images is a copy"), (3, "are copies")])
def test_any_copy_at_all_is_bad(found, says):
    verdict = answer_to(COPIES, evaluation_of(30.0), {"copies": _copies(found)}, {})
    assert verdict.state == "bad"
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
    assert answer_to(HEALTH, evaluation_of(30.0), {}, train).state == state


def test_the_worst_verdict_comes_first_and_is_the_headline():
    """Training images handed in as generated: their distance alone would be praised."""
    evaluation = evaluation_of(50.0, 4.0, error=0.3, chances=(1.0, 0.0))
    answers = verdicts(evaluation, {"copies": _copies(256)}, {"alarms": "COLLAPSE"})
    assert [answer.state for answer in answers] == ["bad", "bad", "look", "look"]
    assert headline(answers) == "bad: 256 of 256 generated images are copies of training images"


def test_a_good_run_is_called_so_though_there_are_things_to_know():
    answers = verdicts(evaluation_of(50.0, 11.0, 11.1, error=0.8), {"copies": _copies()}, {})
    assert headline(answers) == "good: as near as real images are: distance 11.00, 1.1 times the floor"


def test_other_colours_are_blamed_before_a_collapse():
    similarity = {"pairs": 128, "generated": _similarity(0.5, 0.6), "real": _similarity(0.2, 0.3)}
    tone = {"generated": 10.0, "real": 30.0, "spread": 5.0, "chance": 0.0}
    colours = {name: dict.fromkeys(("red", "green", "blue"), tone) for name in ("mean", "contrast")}
    measures = {"ms_ssim": similarity, "colours": colours}
    evaluation = evaluation_of(50.0, 11.0, 11.1, error=0.8)
    assert headline(verdicts(evaluation, measures, {})).startswith(
        "look at it: less contrast (0.33 times) and darker"
    )
    verdict = answer_to(VARIATION, evaluation, measures, {})
    assert verdict.state == "note"
    assert "Other colours or another contrast move MS-SSIM, too" in verdict.says


def test_a_generator_that_may_know_held_out_images_is_to_know():
    question = "Are the held-out images new to it?"
    answer = answer_to(question, evaluation_of(50.0), {"may_know_held_out": True}, {})
    assert (answer.state, answer.short) == ("note", "the generator may know held-out images")


def test_a_generator_that_knows_held_out_images_is_named():
    answer = answer_to(
        "Are the held-out images new to it?", evaluation_of(50.0), {"knows_held_out": True}, {}
    )
    assert (answer.state, answer.short) == ("look", "the generator knows held-out images")
    assert "what is measured on held-out images is too good" in answer.says
