"""A look from afar passes copies, and rules out what differs in many places."""

import cv2
import numpy as np
import pytest

from curate.copies.glance import alike

UNCUT = np.zeros((1, 2), np.float32)


def thumbnail(seed):
    """Large shapes in several colours."""
    few = np.random.default_rng(seed).integers(40, 200, (5, 5, 3), dtype=np.uint8)
    return cv2.resize(few, (48, 48), interpolation=cv2.INTER_CUBIC)


def with_strip(image):
    changed = image.copy()
    changed[:9] = (250, 20, 20)
    return changed


def turned(image):
    matrix = cv2.getRotationMatrix2D((24, 24), 2, 1)
    return cv2.warpAffine(image, matrix, (48, 48), borderMode=cv2.BORDER_REPLICATE)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image,
        lambda image: (0.8 * image + 30).astype(np.uint8),
        lambda image: np.clip(1.2 * image - 20, 0, 255).astype(np.uint8),
        turned,
        with_strip,
        lambda image: with_strip(image[::-1])[::-1],
    ],
)
def test_a_copy_is_alike(change):
    image = thumbnail(1)
    for pair in ((image, change(image)), (change(image), image)):
        assert alike(*(each[None] for each in pair), UNCUT).tolist() == [True]


def test_each_pair_is_looked_at_by_itself_and_another_image_is_not_alike():
    images = np.stack([thumbnail(seed) for seed in range(4)])
    others = np.stack([thumbnail(seed) for seed in (0, 5, 2, 6)])
    assert alike(images, others, np.repeat(UNCUT, 4, axis=0)).tolist() == [True, False, True, False]


def test_a_part_is_alike_where_it_lies():
    large = cv2.resize(thumbnail(7), (480, 480), interpolation=cv2.INTER_CUBIC)
    whole = cv2.resize(large, (48, 48), interpolation=cv2.INTER_AREA)
    part = cv2.resize(large[144:336, 48:432], (48, 48), interpolation=cv2.INTER_AREA)
    assert alike(part[None], whole[None], np.asarray([[0.3, 0.1]], np.float32)).tolist() == [True]
    assert alike(part[None], whole[None], UNCUT).tolist() == [False]
