"""The garment is cut out of its ground."""

import cv2
import numpy as np
import pytest

from curate.pixels.cut_out import garment_in
from curate.pixels.foreground import Box, foreground_of

CLOTH, PRINT = (200, 180, 120), (20, 20, 20)


def tiles() -> np.ndarray:
    ground = np.full((160, 120, 3), 120, np.uint8)
    ground[::20], ground[:, ::20] = 90, 90
    return ground


def test_a_box_holds_the_garment_and_not_only_its_print():
    image = tiles()
    cv2.rectangle(image, (25, 30), (95, 130), CLOTH, -1)
    cv2.rectangle(image, (50, 60), (70, 80), PRINT, -1)
    box = foreground_of(image).box
    assert (box.left, box.top) == pytest.approx((25 / 120, 30 / 160), abs=0.04)
    assert (box.width, box.height) == pytest.approx((70 / 120, 100 / 160), abs=0.06)


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_in_an_image_of_one_colour_no_garment_is_found(colour):
    image = np.full((60, 80, 3), colour, np.uint8)
    assert garment_in(image, np.zeros((60, 80), np.uint8)) is None
    assert foreground_of(image).box == Box(0, 0, 1, 1)


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (3, 2), (200, 3)])
def test_an_image_of_any_size_has_a_box(size):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    box = foreground_of(image).box
    assert 0 <= box.left <= box.left + box.width <= 1 + 1e-9


def test_the_same_image_gives_the_same_garment():
    image = np.random.default_rng(0).integers(0, 256, (90, 70, 3), dtype=np.uint8)
    first = foreground_of(image).box
    np.random.default_rng().random()
    cv2.setRNGSeed(7)
    assert foreground_of(image).box == first
