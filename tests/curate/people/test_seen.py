"""What networks see becomes one probability; the networks themselves are tested where they are there."""

import os

import numpy as np
import pytest

from curate.people import seen
from curate.people.detectors import PEOPLE, _input_of
from curate.people.seen import People, people_in, worn_of
from curate.weights.installed import installed, lacking
from fashion_pggan.errors import UserError

CACHE = os.environ.get("XDG_CACHE_HOME", "")  # the user's; tests have another
needs_networks = pytest.mark.skipif(
    bool(lacking()), reason="the networks that see people are not installed: fashion-pggan models fetch"
)


def test_a_person_or_a_hand_makes_it_likely_that_a_garment_is_worn():
    nothing = worn_of(People(person_score=-3.0, hand_score=-2.0))
    hand, person = worn_of(People(-3.0, 4.0)), worn_of(People(3.0, -2.0))
    assert nothing < 0.01 < hand < 0.5 < person
    assert worn_of(People(3.0, 4.0)) > 0.99
    assert worn_of(People(-1e9, -1e9)) < worn_of(People(1e9, 1e9)) <= 1


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
