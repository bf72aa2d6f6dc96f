"""What is seen in images of which we know what is there."""

from dataclasses import asdict

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from benchmarks.styles import FITTED_DRAWN
from curate.facts.evidence import evidence_of
from curate.facts.style import Style, scores_of, style_of
from curate.pixels.decode import decode, open_image
from demo_shop.draw.sketch import sketch_of
from demo_shop.goods.drawn import Drawn

GROUND = (210, 200, 190)


def scene(*boxes, colour=(30, 60, 140), width=300, height=400):
    """Boxes (left, top, right, bottom) as shares, on a ground with a little noise."""
    noise = np.random.default_rng(0).integers(-6, 7, (height, width, 3))
    image = np.clip(np.full((height, width, 3), GROUND) + noise, 0, 255).astype(np.uint8)
    for left, top, right, bottom in boxes:
        corners = (round(left * width), round(top * height)), (round(right * width), round(bottom * height))
        cv2.rectangle(image, *corners, colour, -1)
    return image


@settings(max_examples=60, deadline=None)
@given(
    pixels=arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3)), elements=st.integers(0, 255)
    )
)
def test_any_image_gives_numbers_within_their_bounds(pixels):
    evidence = evidence_of(pixels)
    shares = {
        *("border_uniformity", "banner", "collage", "skin", "box_left", "box_top", "box_width", "box_height"),
        *("garment_share", "touching", "complexity", "hanging", "close_up", "face_share"),
    }
    for name, value in asdict(evidence).items():
        assert np.isfinite(value), name
        assert name not in shares or 0 <= value <= 1, name
    scores = scores_of(evidence)
    assert set(scores) == set(Style)
    assert all(0 <= score <= 1 for score in scores.values())
    assert style_of(scores) in Style


def test_the_garments_box_is_where_the_garment_is():
    evidence = evidence_of(scene((0.2, 0.3, 0.7, 0.9)))
    found = (evidence.box_left, evidence.box_top, evidence.box_width, evidence.box_height)
    np.testing.assert_allclose(found, (0.2, 0.3, 0.5, 0.6), atol=0.02)
    assert evidence.garment_share == pytest.approx(0.3, abs=0.02)
    assert evidence.pieces == 1
    assert evidence.garments == 0
    assert evidence.touching == 0
    assert evidence.border_uniformity > 0.95
    np.testing.assert_allclose(
        (evidence.border_red, evidence.border_green, evidence.border_blue), GROUND, atol=2
    )


def test_two_garments_are_two():
    evidence = evidence_of(scene((0.05, 0.3, 0.45, 0.7), (0.55, 0.3, 0.95, 0.7)))
    assert evidence.garments == 2
    assert style_of(scores_of(evidence)) is Style.SEVERAL


def test_two_pieces_of_one_garment_are_not_two_garments():
    sleeve = evidence_of(scene((0.05, 0.3, 0.6, 0.8), (0.65, 0.3, 0.75, 0.8)))
    assert sleeve.garments == 0
    cut = evidence_of(scene((0.0, 0.3, 0.4, 0.7), (0.6, 0.3, 1.0, 0.7)))
    assert cut.garments == 0


def test_what_reaches_the_edges_touches_them():
    assert evidence_of(scene((0.2, 0.2, 0.8, 0.8))).touching == 0
    assert evidence_of(scene((0.0, 0.2, 1.0, 0.8), (0.2, 0.0, 0.8, 1.0))).touching > 0.4


def test_letters_in_a_strip_are_a_banner_and_a_print_on_the_chest_is_none():
    plain = scene((0.2, 0.3, 0.8, 0.8))
    assert evidence_of(plain).banner == 0
    for top in (0, 340):
        written = plain.copy()
        cv2.rectangle(written, (0, top), (300, top + 60), (30, 60, 140), -1)
        assert evidence_of(written).banner == 0
        cv2.putText(written, "SALE 50%", (20, top + 45), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (250, 250, 250), 4)
        assert evidence_of(written).banner > 0.5
        assert style_of(scores_of(evidence_of(written))) is Style.BANNER
    printed = plain.copy()
    cv2.putText(printed, "TEAM", (100, 220), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (240, 240, 240), 3)
    assert evidence_of(printed).banner == 0


def drawn_garments(shot, count):
    """Garments that the weights were not fitted on, as the demo shop draws them."""
    indices = (index for index in range(FITTED_DRAWN, 2000) if sketch_of(index).shot == shot)
    shop = Drawn(2000)
    whole = (index for index in indices if not sketch_of(index).fault and sketch_of(index).width >= 256)
    return [
        evidence_of(decode(open_image(shop.image(index))).pixels)
        for index, _ in zip(whole, range(count), strict=False)
    ]


def test_hanging_garments_look_more_like_hanging_than_those_that_lie():
    hanging, lying = (
        [evidence.hanging for evidence in drawn_garments(shot, 15)] for shot in ("hanger", "flat")
    )
    assert np.median(hanging) > 0.5 > np.median(lying)


def test_a_part_cut_out_of_a_garment_looks_more_like_a_close_up_than_the_whole():
    shop = Drawn(400)
    wholes = [decode(open_image(shop.image(index))).pixels for index in (301, 305, 308, 310, 315, 320)]
    parts = [
        pixels[int(0.35 * len(pixels)) : int(0.65 * len(pixels)), int(0.35 * width) : int(0.65 * width)]
        for pixels in wholes
        for width in [pixels.shape[1]]
    ]
    assert np.mean([evidence_of(part).close_up for part in parts]) > 0.3
    assert np.mean([evidence_of(whole).close_up for whole in wholes]) < 0.2


def test_two_images_side_by_side_have_a_seam():
    assert evidence_of(np.hstack([scene(), scene() // 3])).collage > 0.9
    assert evidence_of(scene((0.3, 0.3, 0.7, 0.7))).collage < 0.6


def test_blur_lowers_sharpness_and_light_shows_in_brightness():
    sharp = scene((0.2, 0.2, 0.8, 0.8))
    assert evidence_of(cv2.GaussianBlur(sharp, (0, 0), 3)).sharpness < evidence_of(sharp).sharpness / 4
    assert evidence_of(sharp // 2).brightness == pytest.approx(evidence_of(sharp).brightness / 2, abs=1)
    assert evidence_of(np.full((50, 50, 3), 90, np.uint8)).contrast == 0
