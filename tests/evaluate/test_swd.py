import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evaluate.comparison import PictureSet, compare, describe
from evaluate.descriptors import Descriptors, draw_places, patches_at
from evaluate.pyramid import laplacian_pyramid, levels_of, pyramid_down, pyramid_up
from evaluate.swd import draw_directions, sliced_wasserstein


def _set(name, pictures):
    return PictureSet(
        name, len(pictures), pictures.shape[1], lambda indices: pictures[indices.start : indices.stop]
    )


def _distance(tmp_path, params, reals, fakes, names=("reals", "fakes")):
    described = [
        describe(_set(name, pictures), params, tmp_path / str(place), lambda count: None)
        for place, (name, pictures) in enumerate(zip(names, (reals, fakes), strict=True))
    ]
    return compare(*described, params)


def test_levels_and_distances_are_the_reference_ones(shared):
    golden = np.load(shared / "golden/swd_res64.npz")
    pyramids = [list(laplacian_pyramid(torch.from_numpy(golden[name]).float(), 16)) for name in "ab"]
    for place, level in enumerate(levels_of(64, 16)):
        np.testing.assert_allclose(pyramids[0][place][0], golden[f"{level}/level_a0"], atol=1e-4)
        described = []
        for name, pyramid in zip("ab", pyramids, strict=True):
            places = np.stack([golden[f"{level}/ys_{name}"], golden[f"{level}/xs_{name}"]], axis=-1)
            described.append(Descriptors.of(patches_at(pyramid[place], places.astype(np.int64), 7).numpy()))
        distance = sliced_wasserstein(*described, torch.from_numpy(golden[f"{level}/dirs"]).float()) * 1e3
        assert distance == pytest.approx(float(golden[f"{level}/swd"]), rel=1e-6)


@pytest.mark.parametrize("resolution", [16, 32, 64])
def test_the_pyramid_is_opencvs(resolution):
    picture = np.random.default_rng(0).uniform(0, 255, (resolution, resolution, 3)).astype(np.float32)
    tensor = torch.from_numpy(picture).permute(2, 0, 1)[None]
    down = cv2.pyrDown(picture, borderType=cv2.BORDER_REFLECT_101)
    np.testing.assert_allclose(pyramid_down(tensor)[0].permute(1, 2, 0), down, atol=1e-3)
    up = cv2.pyrUp(picture)  # knows one border only; away from it both agree
    np.testing.assert_allclose(pyramid_up(tensor)[0].permute(1, 2, 0)[4:-4, 4:-4], up[4:-4, 4:-4], atol=1e-3)


def test_the_levels_of_a_pyramid_make_the_picture_again():
    pictures = torch.rand(2, 3, 64, 64) * 255
    *details, low = laplacian_pyramid(pictures, 16)
    for detail in reversed(details):
        low = pyramid_up(low) + detail
    torch.testing.assert_close(low, pictures)


def test_levels_halve_down_to_the_smallest():
    assert levels_of(512, 16) == [512, 256, 128, 64, 32, 16]
    assert levels_of(16, 16) == [16]
    for resolution in (8, 48):
        with pytest.raises(ValueError, match=f"not {resolution}"):
            levels_of(resolution, 16)


@given(st.integers(16, 64), st.integers(1, 5), st.integers(0, 9))
def test_patches_lie_within_their_level_and_reach_its_border(level, count, seed):
    places = draw_places(seed, "reals", level, count, 200, 7)
    assert places.shape == (count, 200, 2)
    assert places.min() >= 3
    assert places.max() <= level - 4


def test_places_depend_on_the_set_and_not_on_how_many_pictures_there_are():
    few, many = (draw_places(0, "reals", 32, count, 8, 7) for count in (3, 30))
    np.testing.assert_array_equal(few, many[:3])
    assert not np.array_equal(few, draw_places(0, "fakes", 32, 3, 8, 7))


def test_a_patch_is_the_square_around_its_centre():
    pictures = torch.arange(2 * 3 * 16 * 16, dtype=torch.float32).view(2, 3, 16, 16)
    patches = patches_at(pictures, np.array([[[3, 4]], [[10, 12]]]), 7)
    assert patches.shape == (2, 147)
    torch.testing.assert_close(patches[0].view(3, 7, 7), pictures[0, :, 0:7, 1:8])
    torch.testing.assert_close(patches[1].view(3, 7, 7), pictures[1, :, 7:14, 9:16])


def test_directions_are_unit_columns_and_functions_of_seed_and_repeat():
    directions = draw_directions(0, 1, 147, 128)
    assert directions.shape == (147, 128)
    torch.testing.assert_close(directions.norm(dim=0), torch.ones(128))
    torch.testing.assert_close(draw_directions(0, 1, 147, 128), directions, rtol=0, atol=0)
    assert not torch.equal(draw_directions(0, 2, 147, 128), directions)


def test_a_cloud_is_at_distance_zero_from_itself_in_any_order():
    values = np.random.default_rng(0).normal(size=(500, 147)).astype(np.float32)
    shuffled = values[np.random.default_rng(1).permutation(500)]
    directions = draw_directions(0, 0, 147, 64)
    assert sliced_wasserstein(Descriptors.of(values), Descriptors.of(shuffled), directions) < 1e-6


def test_along_one_direction_it_is_the_mean_difference_of_the_sorted_values():
    """One direction along one component of the first channel; both sets are normalised by themselves."""
    random = np.random.default_rng(0)
    real, fake = (random.uniform(0, 255, (400, 147)).astype(np.float32) for _ in range(2))
    direction = torch.zeros(147, 1)
    direction[5] = 1.0
    columns = []
    for values in (real, fake):
        channel = values.reshape(400, 3, 49)[:, 0]
        columns.append(np.sort((values[:, 5] - channel.mean()) / channel.std()))
    expected = np.abs(columns[0] - columns[1]).mean()
    assert sliced_wasserstein(Descriptors.of(real), Descriptors.of(fake), direction) == pytest.approx(
        expected, rel=1e-5
    )


def test_brightness_and_contrast_of_a_whole_set_do_not_count():
    values = np.random.default_rng(0).uniform(0, 255, (300, 147)).astype(np.float32)
    other = np.random.default_rng(1).uniform(0, 255, (300, 147)).astype(np.float32)
    directions = draw_directions(0, 0, 147, 64)
    plain = sliced_wasserstein(Descriptors.of(values), Descriptors.of(other), directions)
    changed = sliced_wasserstein(Descriptors.of(values), Descriptors.of(other * 0.3 + 40), directions)
    assert changed == pytest.approx(plain, rel=1e-4)


def test_sets_of_unequal_size_cannot_be_paired():
    one, other = (Descriptors.of(np.ones((count, 147), np.float32)) for count in (4, 5))
    with pytest.raises(ValueError, match=r"\(4, 147\) real and \(5, 147\) generated"):
        sliced_wasserstein(one, other, draw_directions(0, 0, 147, 8))


def _plain(reals, fakes, params):
    """The whole measure again, written plainly in NumPy and OpenCV, with the same draws."""
    results = {}
    for level in levels_of(reals.shape[1], params.smallest_level):
        clouds = []
        for name, pictures in (("reals", reals), ("fakes", fakes)):
            places = draw_places(params.seed, name, level, len(pictures), params.patches_per_image, 7)
            cloud = []
            for picture, centres in zip(pictures, places, strict=True):
                detail = _plain_level(picture.astype(np.float32), level, params.smallest_level)
                cloud += [detail[y - 3 : y + 4, x - 3 : x + 4].transpose(2, 0, 1) for y, x in centres]
            cloud = np.stack(cloud).astype(np.float64)
            cloud -= cloud.mean(axis=(0, 2, 3), keepdims=True)
            cloud /= cloud.std(axis=(0, 2, 3), keepdims=True)
            clouds.append(cloud.reshape(len(cloud), -1))
        repeats = []
        for repeat in range(params.repeats):
            directions = draw_directions(params.seed, repeat, 147, params.directions).double().numpy()
            ours, theirs = (np.sort(cloud @ directions, axis=0) for cloud in clouds)
            repeats.append(np.abs(ours - theirs).mean())
        results[level] = float(np.mean(repeats)) * 1000
    return results


def _plain_level(picture, level, smallest):
    while picture.shape[0] > level:
        picture = cv2.pyrDown(picture, borderType=cv2.BORDER_REFLECT_101)
    if level == smallest:
        return picture
    below = cv2.pyrDown(picture, borderType=cv2.BORDER_REFLECT_101)
    spread = np.zeros_like(picture)
    spread[::2, ::2] = below
    taps = np.array([1, 4, 6, 4, 1], dtype=np.float32) / 8
    return picture - cv2.sepFilter2D(spread, -1, taps, taps, borderType=cv2.BORDER_REFLECT_101)


def test_it_is_the_plain_algorithm(tmp_path, params, make_pictures):
    reals, fakes = make_pictures(20, 64, 1), make_pictures(20, 64, 2) // 2 + 30
    expected = _plain(reals, fakes, params)
    distances = _distance(tmp_path, params, reals, fakes)
    assert distances.by_level == pytest.approx(expected, rel=1e-4)
    assert distances.average == pytest.approx(sum(expected.values()) / 3, rel=1e-4)


def test_it_does_not_depend_on_how_many_pictures_are_held_at_once(tmp_path, params, make_pictures):
    reals, fakes = make_pictures(20, 32, 1), make_pictures(20, 32, 2)
    results = [
        _distance(tmp_path / str(size), params.model_copy(update={"minibatch": size}), reals, fakes)
        for size in (3, 20)
    ]
    assert results[0].by_level == pytest.approx(results[1].by_level, rel=1e-6)


def test_identical_sets_with_equal_draws_are_at_distance_zero(tmp_path, params, make_pictures):
    reals = make_pictures(20, 32, 1)
    distances = _distance(tmp_path, params, reals, reals, names=("reals", "reals"))
    assert distances.average == 0


def _noise(pictures):
    noise = np.random.default_rng(0).normal(0, 5, pictures.shape)
    return np.clip(np.rint(pictures + noise), 0, 255).astype(np.uint8)


def _blur(pictures):
    return np.stack([cv2.GaussianBlur(picture, (0, 0), 0.6) for picture in pictures])


def _cast(pictures):
    """A colour cast that differs from picture to picture; a common one is normalised away."""
    shifts = np.random.default_rng(0).uniform(-60, 60, (len(pictures), 1, 1, 3))
    return np.clip(np.rint(pictures + shifts), 0, 255).astype(np.uint8)


def _edges(count):
    """Flat areas with sharp borders, as photographs have: most of a fine level is near zero."""
    random = np.random.default_rng(7)
    pictures = np.full((count, 64, 64, 3), 230, dtype=np.uint8)
    for picture in pictures:
        for _ in range(6):
            top, left = random.integers(0, 56, 2)
            height, width = random.integers(6, 40, 2)
            picture[top : top + height, left : left + width] = random.integers(0, 256, 3)
    return pictures


@pytest.mark.parametrize(("defect", "level"), [(_noise, 64), (_blur, 64), (_cast, 16)])
def test_a_defect_moves_its_own_level_most(tmp_path, params, defect, level):
    reals = _edges(300)
    params = params.model_copy(update={"patches_per_image": 128})
    clean = _distance(tmp_path / "clean", params, reals, reals)
    broken = _distance(tmp_path / "broken", params, reals, defect(reals))
    rises = {name: broken.by_level[name] / clean.by_level[name] for name in clean.by_level}
    assert max(rises, key=rises.get) == level
    assert rises[level] > 2
    assert all(rise < 1 + (rises[level] - 1) / 2 for name, rise in rises.items() if name != level)


def test_more_pictures_lower_the_floor(tmp_path, params, make_pictures):
    floors = [
        _distance(tmp_path / str(n), params, make_pictures(n, 32, 1), make_pictures(n, 32, 2)).average
        for n in (10, 160)
    ]
    assert floors[1] < floors[0] / math.sqrt(4)
