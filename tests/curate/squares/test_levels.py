import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.squares.crop import centre_square
from curate.squares.levels import levels_of


def test_levels_go_down_to_four_and_are_bytes():
    levels = levels_of(np.zeros((100, 100, 3), np.uint8), 64)
    assert list(levels) == [64, 32, 16, 8, 4]
    for resolution, level in levels.items():
        assert level.shape == (resolution, resolution, 3)
        assert level.dtype == np.uint8


@given(st.integers(0, 255))
def test_a_flat_image_is_flat_at_every_level(value):
    for level in levels_of(np.full((50, 50, 3), value, np.uint8), 16).values():
        assert (level == value).all()


def test_each_level_is_the_mean_of_the_unrounded_level_above():
    square = np.zeros((16, 16, 3), np.uint8)
    square[:, ::2] = 1  # means of 0.5 at 8 px, which round to 0; unrounded they stay 0.5
    square[::2, 1::2] = 2  # columns of (2, 0): boxes (1, 2, 1, 0) of mean 1
    levels = levels_of(square, 16)
    expected = square.astype(float)
    for resolution in (8, 4):
        expected = expected.reshape(resolution, 2, resolution, 2, 3).mean(axis=(1, 3))
        np.testing.assert_array_equal(levels[resolution], np.rint(expected))


def test_rounding_twice_would_differ():
    square = np.zeros((16, 16, 3), np.uint8)
    square[0::2, 0::2] = 2
    square[0::4, 0::4] = 3  # 8 px: 0.75 and 0.5, which round to 1 and 0; 4 px: (0.75 + 3 * 0.5) / 4 = 0.5625
    levels = levels_of(square, 16)
    assert set(np.unique(levels[8])) == {0, 1}
    assert (levels[4] == 1).all()  # twice rounded it would be 0.25, so 0


def test_halves_round_to_even():
    square = np.zeros((8, 8, 3), np.uint8)
    square[:, ::2] = 1  # 0.5 -> 0
    square[:4, ::2] = 3  # 1.5 -> 2
    level = levels_of(square, 8)[4]
    assert (level[:2] == 2).all()
    assert (level[2:] == 0).all()


@settings(deadline=None)
@given(st.integers(32, 90), st.integers(0, 10))
def test_the_largest_level_is_the_area_average(side, seed):
    square = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    weights = np.zeros((32, side))  # what share of each source row lies in each target row
    for row in range(32):
        edges = np.clip(np.arange(side + 1), row * side / 32, (row + 1) * side / 32)
        weights[row] = np.diff(edges) * 32 / side
    exact = np.einsum("ay,yxc,bx->abc", weights, square.astype(float), weights, optimize=True)
    assert np.abs(levels_of(square, 32)[32] - exact).max() <= 0.51


def test_an_image_is_enlarged_only_when_asked_for():
    edge = np.zeros((20, 20, 3), np.uint8)
    edge[:, 10:] = 255
    with pytest.raises(ValueError, match="a square of 20 px cannot be reduced to 32 px"):
        levels_of(edge, 32)
    levels = levels_of(edge, 32, enlarge=True)
    assert levels[32].shape == (32, 32, 3)
    assert levels[32][:, :14].max() == 0
    assert levels[32][:, 18:].min() == 255  # overshoot is cut off, not wrapped around


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_the_square_is_the_largest_and_in_the_middle(width, height):
    left, top, side = centre_square(width, height)
    assert side == min(width, height)
    assert abs((width - side - left) - left) <= 1
    assert abs((height - side - top) - top) <= 1


def test_levels_do_not_depend_on_opencvs_threads():
    square = np.random.default_rng(0).integers(0, 256, (333, 333, 3), dtype=np.uint8)
    before = cv2.getNumThreads()
    results = []
    for threads in (1, 4):
        cv2.setNumThreads(threads)
        results.append(levels_of(square, 64))
    cv2.setNumThreads(before)
    for resolution, level in results[0].items():
        np.testing.assert_array_equal(level, results[1][resolution])
