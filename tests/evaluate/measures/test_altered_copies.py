"""Generators that hand out altered copies of training images."""

import cv2
import numpy as np
import pytest

from evaluate.measures.aligned import alike
from evaluate.measures.memorisation import find_copies
from evaluate.report.verdicts import headline, verdicts
from evaluate.sets.image_set import ImageSet
from tests.evaluate.report.evaluations import evaluation_of
from tests.evaluate.sets.image_sets import set_of

SIDE, MIDDLE = 32, 15.5  # pixels


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Images of blots of every size, each its own."""
    random = np.random.default_rng(7)
    made = np.zeros((72, SIDE, SIDE, 3))
    for coarse, strength in ((4, 60), (8, 50), (16, 40)):
        for place in range(len(made)):
            blots = random.normal(0, strength, (coarse, coarse, 1))
            made[place] += cv2.resize(blots, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)[:, :, None]
    return np.clip(made + 128, 0, 255).astype(np.uint8)


def _warped(image, place):
    matrix = np.array(place, np.float32)
    return cv2.warpAffine(image, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)


def _zoomed(image, zoom):
    return _warped(image, [[zoom, 0, MIDDLE * (1 - zoom)], [0, zoom, MIDDLE * (1 - zoom)]])


def _pasted(image, other):
    made = other.copy()
    made[:16] = image[:16]
    return made


CHANGES = {
    "shifted by 2 px": lambda image, _: _warped(image, [[1, 0, 2], [0, 1, -2]]),
    "shifted by 8 px": lambda image, _: _warped(image, [[1, 0, -8], [0, 1, 4]]),
    "zoomed by 10 %": lambda image, _: _zoomed(image, 1.1),
    "rotated by 3 degrees": lambda image, _: _warped(image, cv2.getRotationMatrix2D((MIDDLE, MIDDLE), 3, 1)),
    "blended": lambda image, other: np.rint(0.7 * image + 0.3 * other).astype(np.uint8),
    "a half pasted": _pasted,
}


def _changed(images, kind, count=12):
    return np.stack([CHANGES[kind](images[place], images[60 + place]) for place in range(count)])


@pytest.mark.parametrize("kind", CHANGES)
def test_altered_copies_are_found_with_the_image_they_copy(images, kind):
    found = alike(set_of(_changed(images, kind)), set_of(images[:60]))
    right = (found.likeness > 1) & (found.index == np.arange(12))
    assert right.mean() >= 0.75
    assert not found.mirrored[right].any()


def test_mirrored_ones_are_found_too(images):
    mirrored = np.ascontiguousarray(_changed(images, "shifted by 2 px")[:, :, ::-1])
    found = alike(set_of(mirrored), set_of(images[:60]))
    right = (found.likeness > 1) & (found.index == np.arange(12))
    assert right.mean() >= 0.75
    assert found.mirrored[right].all()


@pytest.mark.parametrize("kind", ["shifted by 2 px", "a half pasted"])
def test_a_generator_of_altered_copies_is_bad_and_says_so_first(images, kind):
    measures = _copies_of(_changed(images, kind), images[:60])
    answers = verdicts(evaluation_of(50.0, 11.0, error=0.8), measures, {})
    assert answers[0].state == "bad"
    assert headline(answers).endswith("generated images are altered copies of training images")
    assert "Not every copy is found" in answers[0].says


def test_held_out_images_are_accused_of_nothing(images):
    measures = _copies_of(images[60:], images[:60])
    (answer,) = (each for each in verdicts(evaluation_of(11.0), measures, {}) if "copy" in each.question)
    assert answer.state == "note"
    assert measures["copies"]["altered"] == 0


@pytest.mark.parametrize(("made", "state"), [("noise", "note"), ("grey", "look")])
def test_noise_and_grey_are_no_copies_but_that_is_no_praise(images, made, state):
    random = np.random.default_rng(1)
    noise = random.integers(0, 256, (12, SIDE, SIDE, 3), dtype=np.uint8)
    measures = _copies_of(noise if made == "noise" else np.full_like(noise, 128), images[:60])
    (answer,) = (each for each in verdicts(evaluation_of(11.0), measures, {}) if "copy" in each.question)
    assert answer.state == state
    assert measures["copies"]["altered"] == 0


def test_where_real_images_are_alike_only_a_closer_likeness_counts(images):
    """A template: each training image is another one, shifted."""
    templates = np.concatenate(
        [images[:30], [CHANGES["shifted by 2 px"](image, None) for image in images[:30]]]
    )
    found = find_copies(set_of(templates[::5].copy()), set_of(templates))
    assert found.altered is not None
    assert found.altered.limit > 1


def test_small_images_are_not_aligned_and_the_verdict_says_so(images):
    small = images.reshape(-1, 16, 2, 16, 2, 3).mean(axis=(2, 4)).astype(np.uint8)
    measures = _copies_of(small[60:], small[:60])
    (answer,) = (each for each in verdicts(evaluation_of(11.0), measures, {}) if "copy" in each.question)
    assert measures["copies"]["altered"] is None
    assert "Images below 32 px are not aligned" in answer.says


def test_the_pairs_show_what_was_copied(images):
    found = find_copies(set_of(_changed(images, "shifted by 8 px")), set_of(images[:60]))
    assert found.altered is not None
    shown = {pair["generated"]: pair["training"] for pair in found.pairs(12)}
    assert all(shown[place] == place for place in np.flatnonzero(found.altered.found).tolist())
    assert "more may be altered copies" in found.text()


def _copies_of(generated: np.ndarray, training: np.ndarray) -> dict:
    made, real = set_of(generated), set_of(training)
    assert isinstance(made, ImageSet)
    return {"copies": find_copies(made, real).facts()}
