from dataclasses import replace

import numpy as np
import pytest

from evaluate.comparison.cache import Store
from evaluate.comparison.pair import measure_pair
from evaluate.results.notes import in_percent
from evaluate.results.table import pair_text
from fashion_pggan.distance.work import Work
from fashion_pggan.errors import UserError
from tests.evaluate.sets.image_sets import set_of

WORK = Work(2)


def _pair(tmp_path, params, reals, fakes, wanted=None):
    return measure_pair(set_of(reals, "reals"), set_of(fakes, "fakes"), wanted, params, Store(tmp_path), WORK)


def test_flat_images_have_no_contrast_instead_of_distances_in_the_billions(tmp_path, params, make_images):
    flat = np.repeat(np.arange(20, dtype=np.uint8), 32 * 32 * 3).reshape(20, 32, 32, 3) * 7
    one_colour = np.full((20, 32, 32, 3), 201, dtype=np.uint8)
    for first, second, most in (
        (flat, make_images(20, 32, 2), 2000),
        (flat, flat[::-1].copy(), 1500),
        (one_colour, one_colour + 9, 0),
    ):
        pair = _pair(tmp_path, params, first, second)
        assert all(each.value <= most for each in pair.distances.levels.values())
        assert "the first set has no contrast in a colour channel at 32" in pair_text(pair)
    assert "the second set has no contrast in a colour channel at 32, 16 px" in pair_text(pair)


def test_the_disjoint_floor_is_the_distance_of_the_two_parts(tmp_path, params, make_images):
    reals = make_images(40, 32, 1)
    pair = _pair(tmp_path, params, reals, make_images(20, 32, 2))
    direct = measure_pair(
        set_of(reals[:20], "reals"),
        set_of(reals[20:], "other reals"),
        None,
        params,
        Store(tmp_path),
        WORK,
        with_floor=False,
    )
    assert pair.floor.distances == replace(direct.distances, chances=None)
    assert direct.floor is None


def test_the_sets_must_have_one_resolution(tmp_path, params, make_images):
    with pytest.raises(UserError, match="images of 32 and 64 px cannot be compared: bring them to one size"):
        _pair(tmp_path, params, make_images(4, 32, 1), make_images(4, 64, 2))


@pytest.mark.parametrize("resolution", [16, 128])
def test_any_power_of_two_from_16_on_can_be_measured(tmp_path, params, make_images, resolution):
    pair = _pair(tmp_path, params, make_images(8, resolution, 1), make_images(8, resolution, 2))
    assert list(pair.distances.levels) == [r for r in (128, 64, 32, 16) if r <= resolution]


def test_a_colour_cast_is_seen_where_colours_count_and_the_published_distance_is_blind(
    tmp_path, params, make_images
):
    reals, fakes = make_images(48, 32, 1), make_images(24, 32, 2)
    cast = np.rint(fakes * [0.4, 1.0, 0.7]).astype(np.uint8)
    like, other = (_pair(tmp_path, params, reals, images) for images in (fakes, cast))
    assert other.distances.average.value < 1.5 * like.distances.average.value
    (distance, floor), (of_cast, _) = like.colours_too, other.colours_too
    assert distance.average.interval[0] < floor.average.value
    assert of_cast.average.interval[0] > 2 * floor.average.interval[1]


def test_equal_sets_lie_nearer_than_sets_of_one_kind(tmp_path, params, make_images):
    reals = make_images(24, 32, 1)
    pair = _pair(tmp_path, params, reals, reals.copy())
    farther, nearer = pair.distances.chances
    assert nearer < 0.05
    assert farther == pytest.approx(1 - nearer)
    said = f"so far apart in {in_percent(farther)} of cases, at least so near in {in_percent(nearer)}"
    assert said in pair_text(pair)


def test_a_real_set_without_contrast_has_no_distance_with_colours(tmp_path, params, make_images):
    grey, light = (np.full((20, 32, 32, 3), level, dtype=np.uint8) for level in (128, 200))
    pair = _pair(tmp_path, params, grey, light)
    assert pair.distances.chances is None
    assert "there is no distance: the real set has no contrast" in pair_text(pair)
    other = _pair(tmp_path, params, make_images(20, 32, 1), light)
    assert "reused-images floor " in pair_text(other).split("with colour and contrast counted")[1]


def test_too_few_images_for_intervals_are_said(tmp_path, params, make_images):
    pair = _pair(tmp_path, params, make_images(4, 32, 1), make_images(4, 32, 2))
    assert "no intervals (fewer than 8 images" in pair_text(pair)
