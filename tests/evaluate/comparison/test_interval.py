import math

import numpy as np
import pytest

from benchmarks.intervals.differences import garments
from evaluate.comparison.cache import Store
from evaluate.comparison.compare import compare, describe
from evaluate.comparison.distances import Distances, Estimate, Floor
from evaluate.comparison.interval import Halves, distances_of_halves, standard_error
from evaluate.comparison.pair import measure_pair
from fashion_pggan.distance.swd import draw_directions
from fashion_pggan.distance.work import Work
from tests.evaluate.sets.image_sets import set_of

WORK = Work(2)


@pytest.fixture
def quick(params):
    return params.model_copy(update={"patches_per_image": 24, "directions": 32, "minibatch": 64})


def _measured(tmp_path, params, reals, fakes, seed):
    pair = measure_pair(
        set_of(reals, "reals"),
        set_of(fakes, "fakes"),
        None,
        params.model_copy(update={"seed": seed}),
        Store(tmp_path),
        WORK,
        with_floor=False,
    )
    return pair.distances.average


def test_a_set_is_as_far_from_its_other_half_as_the_floor_in_at_least_18_of_20_seeds(tmp_path, quick):
    images = garments(160, (1,))
    found = []
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(len(images))
        found.append(_measured(tmp_path, quick, images[order[:80]], images[order[80:]], seed))
    expected = np.mean([each.value for each in found])
    assert sum(each.interval[0] <= expected <= each.interval[1] for each in found) >= 18
    floors = [*found[1:], found[0]]  # the distance of another split
    ratios = [each.over(floor).interval for each, floor in zip(found, floors, strict=True)]
    assert sum(low <= 1 <= high for low, high in ratios) >= 18


def test_intervals_are_as_wide_as_distances_spread_with_other_images(tmp_path, quick):
    """Away from the floor, where the standard error has no reason to be careful."""
    changes = (lambda each: each // 2 + each[..., :1] // 3, lambda each: np.roll(each, 1, axis=3) // 3)
    cast, shifted = (
        [
            _measured(tmp_path, quick, garments(80, (seed,)), change(garments(80, (99 + seed,))), seed)
            for seed in range(16)
        ]
        for change in changes
    )
    for estimates in (cast, shifted):
        spread = np.std([each.value for each in estimates], ddof=1)
        error = np.mean([each.error for each in estimates])
        assert 0.6 < error / spread < 2


def test_more_images_narrow_the_interval(tmp_path, quick):
    errors = []
    for count in (20, 320):
        other = garments(count, (2,)) // 2
        errors.append(_measured(tmp_path, quick, garments(count, (1,)), other, 0).error)
    assert errors[1] < errors[0] / 2


def test_the_same_images_with_other_patches_have_a_narrower_interval(tmp_path, quick):
    images = garments(60, (1,))
    described = [
        describe(set_of(images, name), quick, tmp_path / name, WORK, lambda _: None)
        for name in ("one", "other")
    ]
    apart, same = (compare(*described, quick, WORK, same=same) for same in (False, True))
    assert same.average.value == apart.average.value
    assert same.average.error < apart.average.error


def test_a_half_is_measured_as_if_the_other_images_were_not_there(tmp_path, quick):
    images = {name: garments(21, (seed,)) for seed, name in enumerate(("reals", "fakes"))}
    halves = Halves.draw(0, 3, 21, same=False)
    directions = draw_directions(0, 0, 147, 5)
    whole = {
        name: describe(set_of(each, name), quick, tmp_path / name, WORK, lambda _: None)[16]
        for name, each in images.items()
    }
    found = distances_of_halves(whole["reals"], whole["fakes"], directions, halves, WORK)
    assert found.shape == (3, 5)
    for replicate in range(3):
        sorted_ = []
        for name, chosen in (("reals", halves.real[replicate]), ("fakes", halves.fake[replicate])):
            assert len(chosen) == 10
            values = whole[name].values.reshape(21, -1, 3, 49)[chosen].astype(np.float64)
            values -= values.mean(axis=(0, 1, 3), keepdims=True)
            values /= values.std(axis=(0, 1, 3), keepdims=True)
            sorted_.append(np.sort(values.reshape(-1, 147) @ directions, axis=0))
        np.testing.assert_allclose(found[replicate], np.abs(sorted_[0] - sorted_[1]).mean(axis=0), rtol=1e-4)


def test_the_standard_error_takes_out_what_all_directions_average_out():
    random = np.random.default_rng(0)
    images, interaction, directions = 0.3, 2.0, 1.5
    along = random.normal(10, directions, 512)
    of_halves = along[:8] + random.normal(0, images, (20_000, 1)) + random.normal(0, interaction, (20_000, 8))
    expected = math.sqrt(images**2 + interaction**2 / 512 + along.var(ddof=1) / 512)
    assert standard_error(of_halves, along, 1.0) == pytest.approx(expected, rel=0.05)


def test_few_images_have_no_interval(tmp_path, quick):
    assert _measured(tmp_path, quick, garments(7, (1,)), garments(7, (2,)), 0).interval is None
    assert _measured(tmp_path, quick, garments(8, (1,)), garments(8, (2,)), 0).interval is not None
    without = quick.model_copy(update={"replicates": 0})
    assert _measured(tmp_path, without, garments(30, (1,)), garments(30, (2,)), 0).interval is None


def test_an_interval_stays_above_zero_and_a_ratio_has_the_errors_of_both():
    wide, floor = Estimate(10.0, 8.0), Estimate(5.0, 0.5)
    assert 0 < wide.interval[0] < 10 < wide.interval[1]
    assert wide.over(floor) == Estimate(2.0, pytest.approx(2 * math.hypot(0.8, 0.1)))
    assert wide.over(Estimate(0.0, 1.0)) is None
    assert Estimate(0.0, 0.0).interval == (0.0, 0.0)
    assert wide.over(Estimate(5.0)).interval is None
    assert wide.untold(Estimate(12.0, 0.1))
    assert not Estimate(10.0, 0.1).untold(Estimate(12.0, 0.1))
    assert not wide.untold(Estimate(10.0))


def test_distances_are_the_same_after_a_round_through_json():
    distances = Distances({32: Estimate(3.0, 0.1), 16: Estimate(1.0)}, Estimate(2.0, None))
    assert Distances.of_plain(distances.plain()) == distances
    ratios = Floor("disjoint", distances).ratios(distances)
    assert [ratio.value for ratio in ratios.values()] == [1, 1, 1]
