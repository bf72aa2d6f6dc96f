import numpy as np
import pytest

from evaluate.measures.features import KernelSums, feature_distances, frechet, heavy_tailed


def test_frechet_distance_of_normal_clouds_is_the_closed_form():
    random = np.random.default_rng(0)
    real = random.normal(0, 1, (40_000, 3))
    fake = random.normal(0, 1, (40_000, 3)) * [1, 2, 3] + [1, 0, 2]
    expected = 1 + 4 + (2 - 1) ** 2 + (3 - 1) ** 2
    assert frechet(real, fake) == pytest.approx(expected, rel=0.03)
    assert frechet(real, real) == pytest.approx(0, abs=1e-9)


def test_kernel_distance_is_the_mean_over_all_pairs():
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(9, 4)), random.normal(1, 1, size=(9, 4))
    kernel = lambda a, b: (a @ b / 4 + 1) ** 3  # noqa: E731  # the formula
    within = sum(
        kernel(each[i], each[j]) for each in (real, fake) for i in range(9) for j in range(9) if i != j
    )
    across = sum(kernel(a, b) for a in real for b in fake)
    assert KernelSums.of(real, fake, seed=0).distance() == pytest.approx(within / 72 - 2 * across / 81)


@pytest.mark.parametrize("apart", [0.0, 0.3])
def test_intervals_of_fid_and_kid_are_as_wide_as_other_images_make_them_vary(apart):
    random = np.random.default_rng(0)
    draws = [
        feature_distances(
            random.normal(size=(256, 8)), random.normal(apart, 1, size=(256, 8)), 5, seed=place, replicates=24
        )
        for place in range(40)
    ]
    kids = np.array([one.kid for one in draws])
    fids = np.array([one.fid for one in draws])
    fid_errors = [(one.fid_high - one.fid) / 1.96 for one in draws]
    assert 0.7 < np.mean([one.kid_error for one in draws]) / kids.std() < 2
    assert 0.7 < np.mean(fid_errors) / fids.std() < 2
    held = [one.kid_low <= kids.mean() <= one.kid_high for one in draws]
    assert np.mean(held) > 0.85


def test_frechet_distance_is_the_same_by_images_and_by_components():
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(2, 30, 12)) * random.uniform(1, 3, 12)
    wide = [np.concatenate([each, np.zeros((30, 40))], axis=1) for each in (real, fake)]
    assert frechet(*wide) == pytest.approx(frechet(real, fake), rel=1e-9)


def test_without_replicates_or_with_few_images_there_is_no_interval():
    few = np.random.default_rng(0).normal(size=(2, 7, 3))
    many = np.random.default_rng(0).normal(size=(2, 20, 3))
    for found in (
        feature_distances(*few, 2, replicates=24),
        feature_distances(*many, 2),
    ):
        assert (found.fid_low, found.kid_low, found.kid_error) == (None, None, None)


def test_equal_clouds_are_precise_and_covered_and_far_ones_are_neither():
    random = np.random.default_rng(0)
    real, alike = random.normal(size=(2, 600, 5))
    same = feature_distances(real, alike, 5)
    assert abs(same.kid) < 60
    assert min(same.precision, same.recall) > 0.9
    assert same.density == pytest.approx(1, abs=0.1)
    assert same.coverage > 0.9
    far = feature_distances(real, alike + 100, 5)
    assert (far.precision, far.recall, far.density, far.coverage) == (0, 0, 0, 0)
    assert far.fid == pytest.approx(5 * 100**2, rel=0.01)
    one_mode = feature_distances(real, np.tile(real[:1], (600, 1)) + 1e-6 * alike, 5)
    assert one_mode.precision == 1
    assert one_mode.recall < 0.05
    assert one_mode.coverage < 0.05
    with pytest.raises(ValueError, match="give equal numbers, 6 or more"):
        feature_distances(real[:5], alike[:5], 5)


def test_equal_vectors_are_ties_whatever_rounding_does():
    """Each set holds every vector six times, so each neighbourhood of five has radius 0."""
    vectors = np.repeat(np.random.default_rng(2).normal(1e3, 1, size=(20, 64)), 6, axis=0)
    found = feature_distances(vectors, vectors[::-1].copy(), 5)
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    assert found.fid >= 0


def test_a_few_vectors_far_out_are_heavy_tails():
    normal = np.random.default_rng(1).normal(size=(400, 16))
    assert not heavy_tailed(normal)
    normal[:4] *= 20
    assert heavy_tailed(normal)
