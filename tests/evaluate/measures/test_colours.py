"""What the distance does not see: contrast, casts, brightness."""

import json

import numpy as np
import pytest

from evaluate.measures.colours import tones
from evaluate.report.colour_verdict import colour_verdict
from tests.evaluate.sets.image_sets import set_of


@pytest.fixture(scope="module")
def real(make_images):
    return make_images(200, 32, 1)


@pytest.fixture(scope="module")
def honest(make_images):
    return make_images(200, 32, 2)


def verdict(generated, real):
    found = tones(set_of(np.clip(generated, 0, 255).astype(np.uint8)), set_of(real))
    json.dumps(found, allow_nan=False)
    return colour_verdict(found)


def test_numbers_are_means_over_images_in_grey_levels(real):
    found = tones(set_of(real // 2), set_of(real))
    each = real.reshape(len(real), -1, 3)
    red = found["contrast"]["red"]
    assert red["real"] == pytest.approx(each.std(axis=1)[:, 0].mean(), abs=1e-3)
    assert red["generated"] == pytest.approx(red["real"] / 2, rel=0.01)
    assert found["mean"]["blue"]["spread"] == pytest.approx(each.mean(axis=1)[:, 2].std(ddof=1), abs=1e-3)
    for tone in found["contrast"].values():
        assert tone["low"] < tone["generated"] - tone["real"] < tone["high"] < 0


def test_other_images_of_the_same_kind_are_praised(real, honest):
    assert verdict(honest, real).state == "good"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda images: 128 + 0.4 * (images - 128.0), "less contrast (0.4"),
        (lambda images: images * np.array([0.3, 1.0, 0.5]), "with another cast (red -"),
        (lambda images: images * 0.6, "darker (by "),
        (np.zeros_like, "less contrast (0.00 times) and darker"),
    ],
    ids=["contrast x 0.4", "red x 0.3, blue x 0.5", "darkened", "black"],
)
def test_what_the_distance_does_not_see_is_named(change, says, real, honest):
    found = verdict(change(honest), real)
    assert found.state == "look"
    assert says in found.short
    assert "The distance hardly sees colour and contrast" in found.says


def test_a_certain_difference_that_nobody_sees_is_only_told(real):
    found = verdict(np.clip(real.astype(int) + 3, 0, 255), real)
    assert found.state in ("good", "note")


def test_equal_values_of_all_images_give_numbers(real):
    grey = np.full((20, 16, 16, 3), 90, dtype=np.uint8)
    assert verdict(grey, grey).state == "good"
    assert verdict(grey + 60, grey).short == "brighter (by 60 grey levels) than the real images"


def test_honest_images_are_seldom_accused():
    random = np.random.default_rng(4)
    accused = 0
    for _ in range(200):
        images = (random.normal(128, 40, (80, 1, 1, 3)) + random.normal(0, 30, (80, 8, 8, 3))).clip(0, 255)
        accused += verdict(images[:40], images[40:].astype(np.uint8)).state != "good"
    assert accused <= 200 * 0.05


def test_few_images_say_nothing(real):
    assert tones(set_of(real[:7]), set_of(real)) is None
    assert colour_verdict(None).state == "note"
