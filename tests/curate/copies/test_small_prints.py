"""Small prints on one blank shirt: other garments; the same print encoded anew: a copy."""

import cv2
import numpy as np
import pytest

from tests.curate.copies.compared import copies, encoded

SHAPES = {
    "disc": lambda shirt, ink: cv2.circle(shirt, (400, 290), 30, ink, -1),
    "triangle": lambda shirt, ink: cv2.fillPoly(shirt, [np.array([[370, 320], [400, 260], [430, 320]])], ink),
    "frame": lambda shirt, ink: cv2.rectangle(shirt, (372, 262), (428, 318), ink, 7),
    "stripes": lambda shirt, ink: [cv2.line(shirt, (370, y), (430, y), ink, 5) for y in range(262, 320, 14)],
    "number": lambda shirt, ink: cv2.putText(shirt, "47", (366, 318), cv2.FONT_HERSHEY_DUPLEX, 1.6, ink, 4),
}


def shirt_with_small(shape, ink, cloth):
    """A shirt of 800 pixels with a print of 60, as an encoder leaves it."""
    shirt = np.full((800, 800, 3), 250, np.uint8)
    outline = [[250, 150], [330, 110], [470, 110], [550, 150], [690, 300], [610, 370], [560, 320], [560, 700]]
    cv2.fillPoly(shirt, [np.array([*outline, [240, 700], [240, 320], [190, 370], [110, 300]])], (cloth,) * 3)
    shirt = cv2.GaussianBlur(shirt, (0, 0), 2)
    SHAPES[shape](shirt, ink)
    return encoded(shirt, 92)


@pytest.mark.parametrize("cloth", [235, 40])
def test_small_prints_of_like_inks_are_other_garments(cloth):
    inks = [(150, 40, 60), (60, 50, 160)]
    shirts = [shirt_with_small(shape, ink, cloth) for shape in SHAPES for ink in inks][:7]
    assert copies(shirts) == set()
    found = copies([*shirts, *(encoded(shirt, 60) for shirt in shirts)])
    assert found == {(number, number + len(shirts)) for number in range(len(shirts))}
