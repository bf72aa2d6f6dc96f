"""Squares: the centre, or around the garment."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.squares.crop import Square, centre_square, garment_square

GROUND = (200, 100, 50)
shares = st.floats(0, 1, allow_nan=False)
sides = st.integers(1, 400)


def test_the_centre_of_an_odd_image_lies_further_left_and_up():
    assert centre_square(7, 4) == Square(1, 0, 4)
    assert centre_square(4, 7) == Square(0, 1, 4)


@given(width=sides, height=sides, left=shares, top=shares, right=shares, bottom=shares, smallest=sides)
def test_a_garments_square_holds_the_garment_and_is_no_larger_than_the_image(
    width, height, left, top, right, bottom, smallest
):
    left, right = sorted((left, right))
    top, bottom = sorted((top, bottom))
    square = garment_square(width, height, (left, top, right - left, bottom - top), smallest)
    assert square.side <= max(width, height)
    assert square.left <= np.ceil(left * width) or square.side < (right - left) * width
    assert square.left + square.side >= min(np.floor(right * width), square.side)
    assert square.top + square.side >= min(np.floor(bottom * height), square.side)
    if square.side <= min(width, height):
        assert square.left >= 0
        assert square.left + square.side <= width
        assert square.top >= 0
        assert square.top + square.side <= height


def test_a_wide_garment_is_padded_with_the_ground_instead_of_being_cut():
    pixels = np.full((100, 200, 3), 9, np.uint8)
    square = garment_square(200, 100, (0.0, 0.2, 1.0, 0.6), 32)
    assert square == Square(0, -50, 200)
    padded = square.of(pixels, GROUND)
    assert padded.shape == (200, 200, 3)
    assert (padded[50:150] == 9).all()
    assert (padded[:50] == GROUND).all()
    assert (padded[150:] == GROUND).all()


def test_a_small_garment_in_a_corner_has_a_square_within_the_image():
    assert garment_square(400, 300, (0.9, 0.9, 0.1, 0.1), 64) == Square(336, 236, 64)
