"""A closer look tells small prints apart and lets encoders pass."""

import cv2
import numpy as np
import pytest

from curate.copies.closer import closer_look, differ
from curate.copies.confirm import ALL_ROWS, Copy, Kind
from curate.facts.view import View

AS_IT_IS = Copy(Kind.NEAR, 0, np.eye(2, 3, dtype=np.float32), ALL_ROWS)
PHOTOGRAPH = cv2.resize(
    np.random.default_rng(8).integers(20, 236, (10, 8, 3), dtype=np.uint8),
    (480, 600),
    interpolation=cv2.INTER_CUBIC,
)
SHIRT = [
    (150, 60),
    (330, 60),
    (430, 180),
    (360, 230),
    (340, 190),
    (340, 560),
    (140, 560),
    (140, 190),
    (120, 230),
    (50, 180),
]


def differs(one, other, copy=AS_IT_IS, *, mirrored=False):
    looks = [closer_look(View(np.ascontiguousarray(pixels))).closer for pixels in (one, other)]
    return differ(*looks, copy, mirrored=mirrored)


def encoded(pixels, quality):
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def changed_in_one_place(pixels, levels):
    """A spot of 20 pixels is darker."""
    spotted = pixels.astype(int)
    spotted[300:320, 200:220] -= levels
    return np.clip(spotted, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "change",
    [
        lambda pixels: encoded(pixels, 40),
        lambda pixels: encoded(cv2.resize(pixels, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA), 30),
        lambda pixels: cv2.resize(pixels, (96, 120), interpolation=cv2.INTER_AREA),
        lambda pixels: np.clip(pixels * 1.15, 0, 255).astype(np.uint8),
        lambda pixels: np.clip((pixels - 128.0) * 0.8 + 128, 0, 255).astype(np.uint8),
        lambda pixels: np.roll(pixels, (2, -2), (0, 1)),
    ],
    ids=["quality 40", "small, quality 30", "a fifth", "brighter", "less contrast", "moved"],
)
def test_what_spreads_evenly_is_no_difference(change):
    assert not differs(PHOTOGRAPH, change(PHOTOGRAPH))
    assert not differs(change(PHOTOGRAPH), PHOTOGRAPH)


@pytest.mark.parametrize("change", [lambda pixels: pixels, lambda pixels: encoded(pixels, 60)])
def test_what_is_in_one_place_is_a_difference_however_it_is_encoded(change):
    assert differs(PHOTOGRAPH, change(changed_in_one_place(PHOTOGRAPH, 70)))
    assert not differs(PHOTOGRAPH, change(changed_in_one_place(PHOTOGRAPH, 0)))


def test_another_ink_is_not_taken_for_another_contrast():
    shirts = []
    for ink in (120, 190):
        shirt = np.full((600, 480, 3), 250, np.uint8)
        cv2.fillPoly(shirt, [np.asarray(SHIRT)], (232,) * 3)
        cv2.rectangle(shirt, (215, 250), (265, 300), (ink,) * 3, 8)
        shirts.append(encoded(shirt, 92))
    assert differs(*shirts)


def test_a_banner_does_not_count_where_the_other_rows_agree():
    banner = PHOTOGRAPH.copy()
    banner[-90:] = (10, 10, 200)
    assert differs(PHOTOGRAPH, banner)
    assert not differs(PHOTOGRAPH, banner, AS_IT_IS._replace(rows=slice(0, 39)))


def test_a_mirrored_part_is_mirrored_first():
    assert not differs(PHOTOGRAPH[:, ::-1], PHOTOGRAPH, mirrored=True)
    assert differs(PHOTOGRAPH[:, ::-1], PHOTOGRAPH)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (3, 2), (64, 64), (2000, 30)])
def test_any_image_has_a_closer_look(size):
    assert not differs(np.full((*size, 3), 7, np.uint8), np.full((*size, 3), 7, np.uint8))


def test_an_image_is_looked_at_with_half_of_its_own_pixels_at_most():
    small, large = (
        closer_look(View(cv2.resize(PHOTOGRAPH, size))).closer for size in ((160, 200), (960, 1200))
    )
    sides = [
        cv2.imdecode(np.frombuffer(look, np.uint8), cv2.IMREAD_COLOR).shape[0] for look in (small, large)
    ]
    assert sides == [80, 192]
