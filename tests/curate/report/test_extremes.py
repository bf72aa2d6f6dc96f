"""The darkest, most blurred and most unusual images come first."""

import cv2
import numpy as np

from curate.report.extremes import extremes_of


def alike(seed):
    """A bright shape in the middle of a brighter ground, with some texture."""
    random = np.random.default_rng(seed)
    image = np.full((128, 128, 3), 220, np.uint8)
    cv2.circle(image, (64, 64), 40, random.integers(90, 200, 3).tolist(), -1)
    return np.clip(image + random.normal(0, 12, image.shape), 0, 255).astype(np.uint8)


def test_each_extreme_comes_first():
    images = [alike(seed) for seed in range(40)]
    images[7] = (images[7] * 0.2).astype(np.uint8)
    images[19] = cv2.GaussianBlur(images[19], (0, 0), 2)
    images[23] = cv2.resize(np.random.default_rng(1).integers(0, 256, (4, 4, 3), dtype=np.uint8), (128, 128))
    found = extremes_of(iter(images), 3)
    assert found["darkest"][0] == 7
    assert found["blurred"][0] in (19, 23)
    assert 23 in found["unusual"]
    assert all(len(places) == 3 for places in found.values())


def test_few_or_plain_images_have_places_too():
    plain = np.full((4, 4, 3), 128, np.uint8)
    assert extremes_of([plain], 60) == {"darkest": [0], "blurred": [0], "unusual": [0]}
    assert extremes_of([plain] * 3, 2)["darkest"] == [0, 1]
