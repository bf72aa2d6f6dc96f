"""Lines of text become a share, a place and a score; the network is tested where it is installed."""

import cv2
import numpy as np
import pytest

from curate.text import text_lines
from curate.text.detector import installed
from curate.text.text_lines import text_in, text_of
from fashion_pggan.errors import UserError

GARMENT = np.zeros((80, 80), np.uint8)
GARMENT[20:60, 20:60] = 1
needs_network = pytest.mark.skipif(not installed(), reason="rapidocr is not installed: extra text")


def likelihood(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """Of text in boxes of left, top, width, height, in an image of 400 x 400."""
    given = np.zeros((400, 400), np.float32)
    for left, top, width, height in boxes:
        given[top : top + height, left : left + width] = 0.95
    return given


def test_a_strip_beside_the_garment_is_text_and_a_print_on_it_is_not():
    strip, printed = (
        text_of(likelihood((50, 5, 300, 20)), GARMENT),
        text_of(likelihood((150, 150, 100, 20)), GARMENT),
    )
    assert strip.text_score > 0.9
    assert (strip.text_x, strip.text_y) == pytest.approx((0.5, 15 / 400))
    assert strip.text_share == pytest.approx(300 * 20 / 400**2)
    assert (printed.text_score, printed.text_x, printed.text_y) == (0, None, None)
    assert printed.text_share > 0


def test_a_wide_line_aside_of_the_garments_middle_is_no_print():
    assert text_of(likelihood((105, 200, 100, 20)), GARMENT).text_score > 0.8
    assert text_of(likelihood((105, 200, 40, 20)), GARMENT).text_score == 0


@pytest.mark.parametrize("box", [(40, 40, 320, 320), (10, 10, 4, 4)])
def test_what_has_not_the_form_of_a_line_is_no_text(box):
    assert text_of(likelihood(box), GARMENT).text_share == 0


def test_the_middle_of_the_image_stands_for_a_garment_that_was_not_found():
    assert text_of(likelihood((150, 190, 100, 20)), None).text_score == 0
    assert text_of(likelihood((100, 5, 200, 20)), None).text_score > 0.9


def test_another_network_than_the_callers_is_an_error(monkeypatch):
    monkeypatch.setattr(text_lines, "installed", lambda: "")
    with pytest.raises(
        UserError, match=r"has nothing that sees text, not rapidocr 3: run pip install .*\[text\]"
    ):
        text_in(np.zeros((9, 9, 3), np.uint8), None, "rapidocr 3")


@needs_network
def test_the_network_sees_letters_and_none_in_an_image_of_one_colour():
    image = np.full((400, 300, 3), 200, np.uint8)
    assert text_in(image, None, installed()).text_score == 0
    assert text_in(image[:1, :1], None, installed()).text_score == 0
    cv2.putText(image, "SALE 50%", (60, 40), cv2.FONT_HERSHEY_DUPLEX, 1.2, (20, 20, 20), 2)
    assert text_in(image, None, installed()).text_score > 0.8
