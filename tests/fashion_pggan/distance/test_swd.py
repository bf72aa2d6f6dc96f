import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evaluate.comparison.compare import compare, describe
from fashion_pggan.distance.descriptors import Descriptors, draw_centres, patches_at
from fashion_pggan.distance.pyramid import gaussian_pyramid, levels_of, pyramid_down
from fashion_pggan.distance.swd import draw_directions, sliced_wasserstein
from fashion_pggan.distance.work import Work
from tests.evaluate.sets.image_sets import set_of

WORK = Work(2)
ON_TORCH = Work(1, torch.device("cpu"))  # the way of a CUDA device, on this machine


def _distance(folder, params, reals, fakes, names=("reals", "fakes"), work=WORK, same=False):
    described = [
        describe(set_of(images, name), params, folder and folder / str(place), work, lambda count: None)
        for place, (name, images) in enumerate(zip(names, (reals, fakes), strict=True))
    ]
    return compare(*described, params, work, same=same)


def _values(distances):
    return {level: estimate.value for level, estimate in distances.levels.items()}


def _mean(ours, theirs, directions):
    return float(sliced_wasserstein(ours, theirs, directions, WORK).mean())


@pytest.mark.parametrize("work", [WORK, ON_TORCH])
def test_levels_and_distances_are_the_reference_ones(shared, work):
    golden = np.load(shared / "golden/swd_res64.npz")
    images = {name: torch.from_numpy(golden[name]) for name in "ab"}
    first = np.ascontiguousarray(golden["a"][0].transpose(1, 2, 0)).astype(np.float32)
    smoothed = {name: gaussian_pyramid(each.permute(0, 2, 3, 1), 16, work) for name, each in images.items()}
    for index, level in enumerate(levels_of(64, 16)):
        plain = _plain_level(first, level, 16).transpose(2, 0, 1)
        np.testing.assert_allclose(plain, golden[f"{level}/level_a0"], atol=1e-4)
        described = []
        for name in "ab":
            here, below = [*smoothed[name], None][index : index + 2]
            places = np.stack([golden[f"{level}/ys_{name}"], golden[f"{level}/xs_{name}"]], axis=-1)
            values = patches_at(here, below, places.astype(np.int64), 7)
            described.append(Descriptors.of(values if work.device else values.numpy(), 12))
        distances = sliced_wasserstein(*described, golden[f"{level}/dirs"].astype(np.float32), work)
        assert distances.mean() * 1e3 == pytest.approx(float(golden[f"{level}/swd"]), rel=1e-5)


@pytest.mark.parametrize("resolution", [16, 32, 64])
def test_the_pyramid_is_opencvs(resolution):
    image = np.random.default_rng(0).uniform(0, 255, (resolution, resolution, 3)).astype(np.float32)
    tensor = torch.from_numpy(image).permute(2, 0, 1)[None]
    down = cv2.pyrDown(image, borderType=cv2.BORDER_REFLECT_101)
    np.testing.assert_allclose(pyramid_down(tensor)[0].permute(1, 2, 0), down, atol=1e-3)


def test_levels_halve_down_to_the_smallest():
    assert levels_of(512, 16) == [512, 256, 128, 64, 32, 16]
    assert levels_of(16, 16) == [16]
    for resolution in (8, 48):
        with pytest.raises(ValueError, match=f"not {resolution}"):
            levels_of(resolution, 16)


@given(st.integers(16, 64), st.integers(1, 5), st.integers(0, 9))
def test_patches_lie_within_their_level_and_reach_its_border(level, count, seed):
    places = draw_centres(seed, "reals", level, count, 200, 7)
    assert places.shape == (count, 200, 2)
    assert places.min() >= 3
    assert places.max() <= level - 4


def test_places_depend_on_the_set_and_not_on_how_many_images_there_are():
    few, many = (draw_centres(0, "reals", 32, count, 8, 7) for count in (3, 30))
    np.testing.assert_array_equal(few, many[:3])
    assert not np.array_equal(few, draw_centres(0, "fakes", 32, 3, 8, 7))


@pytest.mark.parametrize("side", [3, 5, 7, 9, 15])
def test_a_patch_is_the_square_around_its_centre_in_the_laplacian_level(side):
    random = np.random.default_rng(side)
    images = torch.from_numpy(random.integers(0, 256, (2, 32, 32, 3), np.uint8))
    margin = side // 2
    ends = [(y, x) for y in (margin, 31 - margin) for x in (margin, 31 - margin)]  # the corners of the level
    places = np.concatenate(
        [np.tile(ends, (2, 1, 1)), random.integers(margin, 32 - margin, (2, 40, 2))], axis=1
    )
    details = torch.stack([torch.from_numpy(_plain_level(each.float().numpy(), 32, 16)) for each in images])
    smoothed = gaussian_pyramid(images, 16, WORK)
    cut = patches_at(smoothed[0], smoothed[1], places, side).view(2, 44, 3, side, side)
    for image in range(2):
        for patch, (y, x) in enumerate(places[image]):
            square = details[image, y - margin : y + margin + 1, x - margin : x + margin + 1].permute(2, 0, 1)
            torch.testing.assert_close(cut[image, patch], square, atol=1e-4, rtol=0)


def test_directions_are_unit_columns_and_functions_of_seed_and_repeat():
    directions = draw_directions(0, 1, 147, 128)
    assert directions.shape == (147, 128)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=0), 1, rtol=1e-6)
    np.testing.assert_array_equal(draw_directions(0, 1, 147, 128), directions)
    assert not np.array_equal(draw_directions(0, 2, 147, 128), directions)


def test_a_cloud_is_at_distance_zero_from_itself_in_any_order():
    values = np.random.default_rng(0).normal(size=(500, 147)).astype(np.float32)
    shuffled = values[np.random.default_rng(1).permutation(500)]
    directions = draw_directions(0, 0, 147, 64)
    assert _mean(Descriptors.of(values), Descriptors.of(shuffled), directions) < 1e-6


def test_along_one_direction_it_is_the_mean_difference_of_the_sorted_values():
    """One direction along one component of the first channel; both sets are normalised by themselves."""
    random = np.random.default_rng(0)
    real, fake = (random.uniform(0, 255, (400, 147)).astype(np.float32) for _ in range(2))
    direction = np.zeros((147, 1), np.float32)
    direction[5] = 1.0
    columns = []
    for values in (real, fake):
        channel = values.reshape(400, 3, 49)[:, 0]
        columns.append(np.sort((values[:, 5] - channel.mean()) / channel.std()))
    expected = np.abs(columns[0] - columns[1]).mean()
    assert _mean(Descriptors.of(real), Descriptors.of(fake), direction) == pytest.approx(expected, rel=1e-5)


def test_brightness_and_contrast_of_a_whole_set_do_not_count():
    values = np.random.default_rng(0).uniform(0, 255, (300, 147)).astype(np.float32)
    other = np.random.default_rng(1).uniform(0, 255, (300, 147)).astype(np.float32)
    directions = draw_directions(0, 0, 147, 64)
    plain = _mean(Descriptors.of(values), Descriptors.of(other), directions)
    changed = _mean(Descriptors.of(values), Descriptors.of(other * 0.3 + 40), directions)
    assert changed == pytest.approx(plain, rel=1e-4)


def test_sets_of_unequal_size_cannot_be_paired():
    one, other = (Descriptors.of(np.ones((count, 147), np.float32)) for count in (4, 5))
    with pytest.raises(ValueError, match=r"\(4, 147\) real and \(5, 147\) generated"):
        sliced_wasserstein(one, other, draw_directions(0, 0, 147, 8), WORK)


def _plain(reals, fakes, params):
    """The whole measure again, written plainly in NumPy and OpenCV, with the same draws."""
    results = {}
    for level in levels_of(reals.shape[1], params.smallest_level):
        clouds = []
        for name, images in (("reals", reals), ("fakes", fakes)):
            places = draw_centres(params.seed, name, level, len(images), params.patches_per_image, 7)
            cloud = []
            for image, centres in zip(images, places, strict=True):
                detail = _plain_level(image.astype(np.float32), level, params.smallest_level)
                cloud += [detail[y - 3 : y + 4, x - 3 : x + 4].transpose(2, 0, 1) for y, x in centres]
            cloud = np.stack(cloud).astype(np.float64)
            cloud -= cloud.mean(axis=(0, 2, 3), keepdims=True)
            cloud /= cloud.std(axis=(0, 2, 3), keepdims=True)
            clouds.append(cloud.reshape(len(cloud), -1))
        repeats = []
        for repeat in range(params.repeats):
            directions = draw_directions(params.seed, repeat, 147, params.directions).astype(np.float64)
            ours, theirs = (np.sort(cloud @ directions, axis=0) for cloud in clouds)
            repeats.append(np.abs(ours - theirs).mean())
        results[level] = float(np.mean(repeats)) * 1000
    return results


def _plain_level(image, level, smallest):
    while image.shape[0] > level:
        image = cv2.pyrDown(image, borderType=cv2.BORDER_REFLECT_101)
    if level == smallest:
        return image
    below = cv2.pyrDown(image, borderType=cv2.BORDER_REFLECT_101)
    spread = np.zeros_like(image)
    spread[::2, ::2] = below
    taps = np.array([1, 4, 6, 4, 1], dtype=np.float32) / 8
    return image - cv2.sepFilter2D(spread, -1, taps, taps, borderType=cv2.BORDER_REFLECT_101)


def test_it_is_the_plain_algorithm(tmp_path, params, make_images):
    reals, fakes = make_images(20, 64, 1), make_images(20, 64, 2) // 2 + 30
    expected = _plain(reals, fakes, params)
    distances = _distance(tmp_path, params, reals, fakes)
    assert _values(distances) == pytest.approx(expected, rel=1e-4)
    assert distances.average.value == pytest.approx(sum(expected.values()) / 3, rel=1e-4)


@pytest.mark.parametrize(("minibatch", "workers"), [(3, 1), (20, 2), (7, 3)])
def test_neither_the_minibatch_nor_the_workers_change_a_bit(
    tmp_path, params, make_images, minibatch, workers
):
    reals, fakes = make_images(20, 64, 1), make_images(20, 64, 2)
    plain = _distance(tmp_path / "plain", params, reals, fakes, work=Work(1))
    other = params.model_copy(update={"minibatch": minibatch})
    assert _distance(tmp_path / "other", other, reals, fakes, work=Work(workers)) == plain


@pytest.mark.parametrize("has_room", [True, False])
def test_a_device_computes_the_same_whether_it_holds_all_descriptors_or_not(
    tmp_path, params, make_images, has_room
):
    reals, fakes = make_images(20, 64, 1), make_images(20, 64, 2)
    here = _distance(tmp_path / "here", params, reals, fakes).plain()
    folder = None if has_room else tmp_path / "there"
    there = _distance(folder, params, reals, fakes, work=ON_TORCH).plain()
    assert there["average"] == pytest.approx(here["average"], rel=1e-4)
    for level, pair in here["levels"].items():
        assert there["levels"][level] == pytest.approx(pair, rel=1e-4)


def test_identical_sets_with_equal_draws_are_at_distance_zero(tmp_path, params, make_images):
    reals = make_images(20, 32, 1)
    distances = _distance(tmp_path, params, reals, reals, names=("reals", "reals"))
    assert distances.average.value == 0


def _noise(images):
    noise = np.random.default_rng(0).normal(0, 5, images.shape)
    return np.clip(np.rint(images + noise), 0, 255).astype(np.uint8)


def _blur(images):
    return np.stack([cv2.GaussianBlur(image, (0, 0), 0.6) for image in images])


def _cast(images):
    """A colour cast that differs from image to image; a common one is normalised away."""
    shifts = np.random.default_rng(0).uniform(-60, 60, (len(images), 1, 1, 3))
    return np.clip(np.rint(images + shifts), 0, 255).astype(np.uint8)


def _edges(count):
    """Flat areas with sharp borders, as photographs have: most of a fine level is near zero."""
    random = np.random.default_rng(7)
    images = np.full((count, 64, 64, 3), 230, dtype=np.uint8)
    for image in images:
        for _ in range(6):
            top, left = random.integers(0, 56, 2)
            height, width = random.integers(6, 40, 2)
            image[top : top + height, left : left + width] = random.integers(0, 256, 3)
    return images


@pytest.mark.parametrize(("defect", "level"), [(_noise, 64), (_blur, 64), (_cast, 16)])
def test_a_defect_moves_its_own_level_most(tmp_path, params, defect, level):
    reals = _edges(150)
    params = params.model_copy(update={"patches_per_image": 128, "replicates": 0})
    clean = _distance(tmp_path / "clean", params, reals, reals)
    broken = _distance(tmp_path / "broken", params, reals, defect(reals))
    rises = {name: broken.levels[name].value / clean.levels[name].value for name in clean.levels}
    assert max(rises, key=rises.get) == level
    assert rises[level] > 2
    assert all(rise < 1 + (rises[level] - 1) / 2 for name, rise in rises.items() if name != level)


def test_more_images_lower_the_floor(tmp_path, params, make_images):
    params = params.model_copy(update={"replicates": 0})
    floors = [
        _distance(tmp_path / str(n), params, make_images(n, 32, 1), make_images(n, 32, 2)).average.value
        for n in (10, 160)
    ]
    assert floors[1] < floors[0] / math.sqrt(4)


@pytest.fixture(scope="module")
def photographs(shared):
    """800 photographs, centre squares at 128 px."""
    squares = []
    for path in sorted((shared / "images" / "tops").glob("*.jpg"))[:800]:
        image = cv2.imread(str(path))[..., ::-1]
        side = min(image.shape[:2])
        top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
        square = np.ascontiguousarray(image[top : top + side, left : left + side])
        squares.append(cv2.resize(square, (128, 128), interpolation=cv2.INTER_AREA))
    return np.stack(squares)


@pytest.mark.slow
@pytest.mark.parametrize(("defect", "level"), [(_noise, 128), (_blur, 128), (_cast, 16)])
def test_a_defect_of_photographs_moves_one_level_only(tmp_path, params, photographs, defect, level):
    """400 photographs against 400 others: all other levels stay within their interval."""
    params = params.model_copy(update={"patches_per_image": 128, "directions": 128})
    reals, fakes = photographs[:400], photographs[400:]
    clean = _distance(tmp_path / "clean", params, reals, fakes)
    broken = _distance(tmp_path / "broken", params, reals, defect(fakes))
    for name, estimate in clean.levels.items():
        low, high = estimate.interval
        distance = broken.levels[name].value
        assert distance > high if name == level else low < distance < high, (name, distance, low, high)
