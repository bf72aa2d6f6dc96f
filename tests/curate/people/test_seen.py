"""What networks see becomes one probability; the networks themselves are tested where they are there."""

import os

import numpy as np
import pytest

from curate.people import detectors, seen
from curate.people.detectors import PEOPLE, _input_of, anchors, persons_in
from curate.people.seen import SECOND, SURE, People, people_in, several_of, worn_of
from curate.weights.installed import installed, lacking
from fashion_pggan.errors import UserError

CACHE = os.environ.get("XDG_CACHE_HOME", "")  # the user's; tests have another
needs_networks = pytest.mark.skipif(
    bool(lacking()), reason="the networks that see people are not installed: fashion-pggan models fetch"
)


def test_a_person_or_a_hand_makes_it_likely_that_a_garment_is_worn():
    nothing = worn_of(People(person_score=-3.0, hand_score=-2.0, second_person_score=-9.0))
    hand, person = worn_of(People(-3.0, 4.0, -9.0)), worn_of(People(3.0, -2.0, -9.0))
    assert nothing < 0.01 < hand < 0.5 < person
    assert worn_of(People(3.0, 4.0, -9.0)) > 0.99
    assert worn_of(People(-1e9, -1e9, -9.0)) < worn_of(People(1e9, 1e9, -9.0)) <= 1


def test_two_people_are_several_only_where_one_is_likely():
    assert several_of(People(3.0, 4.0, 2.0)) > 0.95
    assert several_of(People(3.0, 4.0, SECOND)) == pytest.approx(0.5)
    assert several_of(People(3.0, 4.0, -6.0)) < 0.05
    assert several_of(People(-3.0, -2.0, 2.0)) == worn_of(People(-3.0, -2.0, 2.0)) < 0.05


def test_the_second_person_has_a_face_apart_from_the_first(monkeypatch):
    scores, boxes = np.full(2254, -9, np.float32), np.zeros((2254, 12), np.float32)
    first, near, far = (np.abs(anchors() - [x, 0.5]).sum(axis=1).argmin() for x in (0.25, 0.35, 0.75))
    scores[[first, near, far]] = 3, 2, 1
    monkeypatch.setattr(detectors, "_answers", lambda *_: (scores, boxes))
    assert persons_in(np.zeros((9, 9, 3), np.uint8))[:2] == (3, 1)
    boxes[:, 0] = (0.5 - anchors()[:, 0]) * PEOPLE.side  # all boxes lie around one face
    boxes[:, 1] = (0.5 - anchors()[:, 1]) * PEOPLE.side
    assert persons_in(np.zeros((9, 9, 3), np.uint8))[:2] == (3, detectors.NOBODY)


@pytest.mark.parametrize(("score", "long"), [(SURE + 0.1, 40), (SURE - 0.1, 40), (SURE + 0.1, 4)])
def test_a_top_is_between_neck_and_hips_of_a_person_who_is_surely_seen(monkeypatch, score, long):
    scores, boxes = np.full(2254, -9, np.float32), np.zeros((2254, 12), np.float32)
    best = np.abs(anchors() - 0.5).sum(axis=1).argmin()
    scores[best] = score
    neck, hips = ((0.5, (30 + down) / 200) for down in (0, long))  # in an image of 100 x 200, on a square
    boxes[best, 8:10] = (neck - anchors()[best]) * PEOPLE.side
    boxes[best, 4:6] = (hips - anchors()[best]) * PEOPLE.side
    monkeypatch.setattr(detectors, "_answers", lambda *_: (scores, boxes))
    monkeypatch.setattr(seen, "best_score", lambda *_: 0.0)
    people = people_in(np.zeros((200, 100, 3), np.uint8), installed())
    torso = people.torso_left, people.torso_top, people.torso_width, people.torso_height
    there = score > SURE and long > 10
    assert torso == pytest.approx((0.2, 0.12, 0.6, 0.26) if there else (0, 0, 0, 0))


def test_an_image_is_whole_and_in_the_middle_of_a_black_square():
    (square,) = _input_of(PEOPLE, np.full((100, 50, 3), 255, np.uint8))
    assert square.shape == (224, 224, 3)
    assert (square[:, :56] == -1).all()
    assert (square[:, 56:168] == 1).all()
    assert (square[:, 168:] == -1).all()


def test_other_networks_than_the_callers_are_an_error(monkeypatch):
    monkeypatch.setattr(seen, "installed", lambda: "mediapipe 0.10.21, ai-edge-litert 2.2.0")
    with pytest.raises(UserError, match=r"has mediapipe .* 2\.2\.0, not .* 2\.3\.0: install the same there"):
        people_in(np.zeros((9, 9, 3), np.uint8), "mediapipe 0.10.21, ai-edge-litert 2.3.0")


@needs_networks
def test_the_networks_see_nobody_in_noise_whatever_its_size(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", CACHE)
    noise = np.random.default_rng(0).integers(0, 256, (300, 200, 3), dtype=np.uint8)
    for pixels in (noise, noise[:40], noise[:1, :1]):
        assert worn_of(people_in(pixels, installed())) < 0.5
    assert people_in(noise, installed()) == people_in(noise, installed())
