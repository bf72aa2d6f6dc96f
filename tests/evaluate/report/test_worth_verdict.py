import pytest

from evaluate.report.worth_verdict import QUESTION, worth_verdict


def _estimate(value, apart=0.02):
    low, high = (None, None) if apart is None else (value - apart, value + apart)
    return {"value": value, "low": low, "high": high}


def _row(gain, apart=0.02):
    return {"balanced_accuracy": _estimate(0.25 + gain, apart), "gain_over_guessing": _estimate(gain, apart)}


def _facts(real=0.4, made=0.24, kept=None, added=None, left_out=None, apart=0.02):
    return {
        "labels": 4,
        "real_to_real": _row(real, apart),
        "gan_train": _row(made, apart),
        "kept": kept,
        "added": added or {},
        "left_out": left_out or {},
    }


def test_it_says_how_much_of_the_gain_is_kept():
    verdict = worth_verdict(_facts(kept=_estimate(0.61, 0.05)))
    assert (verdict.question, verdict.state) == (QUESTION, "note")
    assert verdict.short == (
        "trained on the generated images, a classifier keeps 0.61 of the gain over guessing that as many "
        "real images give"
    )
    assert verdict.says == (
        "Of held-out real images, a classifier finds 0.65 (0.63 to 0.67) if it is trained on real images, "
        "and 0.49 (0.47 to 0.51) if it is trained on as many generated ones (balanced accuracy of 4 labels; "
        "guessing 0.25). Trained on the generated images, a classifier keeps 0.61 of the gain over guessing "
        "that as many real images give (0.56 to 0.66)."
    )


def test_it_is_good_only_if_generated_images_cannot_be_told_from_real_ones():
    assert worth_verdict(_facts(made=0.39, kept=_estimate(0.97, 0.05))).state == "good"
    assert worth_verdict(_facts(made=0.36, kept=_estimate(0.9, 0.05))).state == "note"


def test_a_generator_that_teaches_nothing_is_bad():
    verdict = worth_verdict(_facts(made=0.01, kept=_estimate(0.02, 0.05)))
    assert verdict.state == "bad"
    assert verdict.says.endswith(
        "That cannot be told from guessing: the generator does not obey its labels, or its images teach "
        "nothing."
    )


@pytest.mark.parametrize(
    ("real", "apart", "why"),
    [
        (0.01, 0.02, "on real images the gain over guessing is not clearly above zero"),
        (0.4, None, r"one seed has no interval (evaluate.classifier_seeds)"),
    ],
)
def test_it_says_when_real_images_do_not_suffice_to_tell(real, apart, why):
    verdict = worth_verdict(_facts(real=real, made=0.0, apart=apart))
    assert verdict.state == "note"
    assert verdict.says.endswith(f"It cannot be told what generated images are worth: {why}.")


def test_it_says_what_generated_images_add_and_which_labels_are_left_out():
    added = {
        "0.1": _estimate(0.04),
        "0.3": _estimate(0.01),
        "1": _estimate(-0.03),
        "0.5": _estimate(0.1, None),
    }
    left_out = {"polo": {"training": 58, "held_out": 4}}
    says = worth_verdict(_facts(kept=_estimate(0.6), added=added, left_out=left_out)).says
    assert "Added to 10% of the real images, they raise balanced accuracy: +0.040 (+0.020 to +0.060)." in says
    assert "Added to 30% of the real images, they change it by +0.010 (-0.010 to +0.030): no change" in says
    assert (
        "Added to 100% of the real images, they lower balanced accuracy: -0.030 (-0.050 to -0.010)." in says
    )
    assert "Added to 50% of the real images, they change balanced accuracy by +0.100." in says
    assert says.endswith("Left out, with too few images: polo (58 for training, 4 held out).")


def test_what_was_not_measured_is_said_with_its_reason():
    verdict = worth_verdict("curate.held_out is 0")
    assert (verdict.state, verdict.says) == ("note", "It was not measured: curate.held_out is 0.")
