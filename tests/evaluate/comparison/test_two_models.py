"""Two models are told apart by the difference of their distances, which is known better than either."""

import numpy as np
import pytest

from benchmarks.intervals.differences import drawn_difference
from evaluate.comparison.cache import Store
from evaluate.comparison.compare import describe, measure
from evaluate.comparison.two_models import compare_models
from fashion_pggan.distance.work import Work
from fashion_pggan.errors import UserError
from generate.sampling.sampler import snapshots_in
from tests.evaluate.sets.image_sets import set_of

WORK = Work(2)
AVERAGE = "SWDx1e3_avg"


@pytest.fixture
def quick(params):
    return params.model_copy(update={"patches_per_image": 24, "directions": 32, "minibatch": 64})


@pytest.fixture
def raw(quick, tmp_path, make_images):
    """Distances of fakes from reals, both drawn from a seed; strength: how far the fakes are changed."""

    def measured(seed, strength, fakes=100):
        params = quick.model_copy(update={"seed": seed})
        made = make_images(48, 16, seed=fakes + seed).astype(float)
        made = (made * (1 - strength) + 128 * strength).astype(np.uint8)
        sets = set_of(make_images(48, 16, seed=seed), "reals"), set_of(made, "fakes")
        return measure(
            *(describe(each, params, None, WORK, lambda _: None) for each in sets),
            params,
            WORK,
            in_pairs=True,
        )

    return measured


def test_a_nearer_model_is_told_from_another_although_their_own_intervals_overlap(raw):
    near, far = raw(0, 0.0), raw(0, 0.02)
    (low, high) = near.minus(far)[AVERAGE].interval
    assert high - low < 2 * near.distances().average.error
    assert near.distances().average.untold(far.distances().average)
    apart = near.minus(far)[AVERAGE].value
    assert apart == pytest.approx(near.distances().average.value - far.distances().average.value)


def test_a_difference_is_zero_with_itself_and_turns_its_sign_around(raw):
    near, far = raw(0, 0.0), raw(0, 0.3)
    same = near.minus(near)
    assert {(each.value, each.interval) for each in same.values()} == {(0.0, (0.0, 0.0))}
    assert near.minus(far)[AVERAGE].value == pytest.approx(-far.minus(near)[AVERAGE].value)
    assert set(same) == {"SWDx1e3_16", AVERAGE}


@pytest.fixture
def compared(tmp_path, params, write_dataset, make_images, models):
    def compare(former, new, held_out, shown=0):
        """With the first images held out, or None; the others are of a seed."""
        paths, sharp = snapshots_in(models), params.model_copy(update={"replicates": 32})
        count, share = held_out or 0, 0.5 if held_out is not None else 0.0
        images = np.concatenate(
            [make_images(64, 32, seed=0)[:count], make_images(64, 32, seed=shown)[count:]]
        )
        split = write_dataset(tmp_path / f"{former}-{new}-{held_out}-{shown}", images, range(count), share)
        return compare_models(paths[former], paths[new], split, sharp, Store(tmp_path), WORK)

    return compare


def test_models_are_compared_on_held_out_images_alone(compared):
    found = compared(0, 2, 32)
    assert (found.images, found.held_out) == (24, 0.5)
    assert found.better in {"", "new" if found.differences[AVERAGE].value < 0 else "former"}
    assert compared(2, 0, 32).better == {"new": "former", "former": "new", "": ""}[found.better]
    assert found.new.named() == compared(0, 2, 32, shown=1).new.named()


def test_equal_models_are_not_told_apart_and_neither_are_those_of_few_images(compared):
    assert compared(1, 1, None).better == ""
    few = compared(0, 2, 6)
    assert few.images == 6
    assert few.differences[AVERAGE].interval is None
    assert few.better == ""


def test_a_share_that_holds_nothing_out_is_refused(compared):
    with pytest.raises(UserError, match=r"none of the 64 images is held out by share 0.5: raise curate"):
        compared(0, 1, 0)


@pytest.mark.slow
@pytest.mark.parametrize(("images", "off"), [(8, True), (48, False)])
def test_the_interval_of_a_difference_holds_its_rate(quick, images, off):
    """Two models that are equally far from the real images, drawn 100 times: their true difference is 0."""
    sharp = quick.model_copy(update={"replicates": 32})
    seeds = (sharp.model_copy(update={"seed": seed}) for seed in range(100))
    intervals = [drawn_difference(images, each, WORK, off=off).interval for each in seeds]
    assert 88 <= sum(low <= 0 <= high for low, high in intervals) <= 99  # 95 % within 3, and two deviations


def test_the_interval_of_a_difference_is_narrower_than_that_of_two_distances(raw):
    near, far = raw(0, 0.1), raw(0, 0.1, fakes=500)
    independent = np.hypot(near.distances().average.error, far.distances().average.error)
    assert near.minus(far)[AVERAGE].error < independent
