import numpy as np
import pytest

from benchmarks.intervals.differences import garments
from evaluate.comparison.compare import describe
from evaluate.comparison.resampled import chances_of
from fashion_pggan.distance.work import Work
from tests.evaluate.sets.image_sets import set_of

WORK = Work(1)


@pytest.fixture
def quick(params):
    return params.model_copy(update={"patches_per_image": 16, "directions": 16, "minibatch": 64})


def _chances(params, reals, fakes):
    real, fake = (
        describe(set_of(images, name), params, None, WORK, lambda _: None)
        for images, name in ((reals, "reals"), (fakes, "fakes"))
    )
    return chances_of(real, fake, params, WORK)


def test_sets_of_one_kind_are_told_apart_about_as_often_as_the_rate_says(quick):
    found = [_chances(quick, garments(24, (1, seed)), garments(24, (2, seed))) for seed in range(60)]
    farther, nearer = np.array(found).T
    assert np.mean(farther < 0.05) <= 0.15
    assert np.mean(nearer < 0.01) <= 0.1
    assert 0.3 < farther.mean() < 0.7


def test_noise_is_farther(quick):
    noise = np.random.default_rng(5).integers(0, 256, (48, 16, 16, 3), dtype=np.uint8)
    farther, nearer = _chances(quick, garments(48, (1, 0)), noise)
    assert farther < 0.001
    assert nearer > 0.99


def test_the_training_images_themselves_are_nearer(quick):
    images = garments(48, (1, 0))
    _, nearer = _chances(quick, images, images)
    assert nearer < 0.01


def test_one_image_many_times_is_farther_even_without_a_floor(quick):
    """A dataset too small for a true floor: the test needs none."""
    reals = garments(32, (1, 0))
    farther, _ = _chances(quick, reals, np.repeat(reals[:1], 32, axis=0))
    assert farther < 0.001


def test_the_same_images_give_the_same_chances_with_any_number_of_workers(quick):
    reals, fakes = garments(16, (1, 0)), garments(16, (2, 0))
    described = [
        describe(set_of(each, name), quick, None, WORK, lambda _: None)
        for each, name in ((reals, "reals"), (fakes, "fakes"))
    ]
    assert chances_of(*described, quick, Work(1)) == chances_of(*described, quick, Work(3))


def test_few_images_or_replicates_are_not_tested(quick):
    few = garments(7, (1, 0))
    assert _chances(quick, few, few) is None
    some = garments(12, (1, 0))
    assert _chances(quick.model_copy(update={"replicates": 2}), some, some) is None
