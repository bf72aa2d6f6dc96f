"""Squares: the centre, or around the garment."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from curate.squares.crop import WHOLE, Square, centre_square, garment_square, square_of

shares = st.floats(0, 1, allow_nan=False)
sides = st.integers(1, 400)


def test_the_centre_of_an_odd_image_lies_further_left_and_up():
    assert centre_square(7, 4) == Square(1, 0, 4)
    assert centre_square(4, 7) == Square(0, 1, 4)


@given(
    width=sides,
    height=sides,
    left=shares,
    top=shares,
    right=shares,
    bottom=shares,
    smallest=sides,
    plain=st.booleans(),
)
def test_a_garments_square_holds_the_garment_and_is_no_larger_than_the_image(
    width, height, left, top, right, bottom, smallest, plain
):
    left, right = sorted((left, right))
    top, bottom = sorted((top, bottom))
    box = (left, top, right - left, bottom - top)
    assume(plain or box != WHOLE)
    square = garment_square(width, height, box, smallest, plain=plain)
    assert square.side <= max(width, height)
    assert square.left <= np.ceil(left * width) or square.side < (right - left) * width
    assert square.left + square.side >= min(np.floor(right * width), square.side)
    assert square.top + square.side >= min(np.floor(bottom * height), square.side)
    if square.side <= min(width, height):
        assert square.left >= 0
        assert square.left + square.side <= width
        assert square.top >= 0
        assert square.top + square.side <= height


def test_a_garment_longer_than_the_short_side_is_not_cut_and_the_ground_goes_on_on_both_sides():
    pixels = np.full((100, 200, 3), 9, np.uint8)
    pixels[:20], pixels[80:] = 120, 60
    box = (0.0, 0.2, 1.0, 0.6)
    square = garment_square(200, 100, box, 32, plain=True)
    assert square == Square(0, -50, 200)
    padded = square.of(pixels, box)
    assert padded.shape == (200, 200, 3)
    assert (padded[50:150] == pixels).all()
    assert (padded[35:50] == 120).all()
    assert (padded[150:170] == 60).all()


def test_beyond_the_image_the_ground_is_mirrored_and_the_garment_is_not():
    pixels = np.full((40, 20, 3), 200, np.uint8)
    pixels[:, 4:16] = 0
    square = Square(-10, 0, 40).of(pixels, (0.2, 0.0, 0.6, 1.0))
    assert (square[:, :14] == 200).all()
    assert (square[:, 26:] == 200).all()


@pytest.mark.parametrize(("height", "side"), [(0.8, 300), (0.825, 300), (0.9, 324)])
def test_a_tenth_of_a_garment_gives_way_before_ground_that_is_not_plain_is_extended(height, side):
    box = (0.1, 0.1, 0.8, height)  # of 400 pixels
    assert garment_square(300, 400, box, 32, plain=False).side == side


def test_the_square_is_around_the_upper_body_where_that_is_asked_for_and_seen(params):
    box = {"box_left": 0.1, "box_top": 0.0, "box_width": 0.8, "box_height": 1.0}
    torso = {"torso_left": 0.3, "torso_top": 0.2, "torso_width": 0.4, "torso_height": 0.2}
    facts = {"width": 300, "height": 400, "border_uniformity": 1.0} | box | torso
    top = params.model_copy(update={"crop": "top", "resolution": 32})
    garment = top.model_copy(update={"crop": "garment"})
    assert square_of(facts, top) == Square(80, 50, 139)
    assert square_of(facts, garment) == square_of(facts | {"torso_width": 0.0}, top) == Square(-50, 0, 400)
    at_the_edge = facts | {"torso_left": 0.0, "torso_width": 1.0, "torso_height": 0.8, "torso_top": 0.1}
    assert square_of(at_the_edge, top) == Square(
        0, 50, 300
    )  # nothing is extended, though the ground is plain


def test_the_margin_gives_way_before_a_square_reaches_beyond_an_image_whose_ground_is_not_plain():
    box = (0.2, 0.1, 0.6, 0.7)  # 280 pixels long, with its margin 325
    assert garment_square(300, 400, box, 32, plain=False) == Square(0, 30, 300)
    assert garment_square(300, 400, box, 32, plain=True).side == 325


def test_a_garment_that_is_not_found_before_a_ground_that_is_not_plain_gets_the_centre_square():
    assert garment_square(300, 400, WHOLE, 32, plain=False) == centre_square(300, 400)
    assert garment_square(300, 400, WHOLE, 32, plain=True) == Square(-50, 0, 400)


def test_a_small_garment_in_a_corner_has_a_square_within_the_image():
    square = garment_square(400, 300, (0.9, 0.9, 0.1, 0.1), 64, plain=False)
    assert square == Square(336, 236, 64)
