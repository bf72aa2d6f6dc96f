import pytest
import torch

from fashion_pggan.distance.in_memory import distance_of
from train.adaptive import look
from train.adaptive.look import measure
from train.adaptive.plateau import AdaptiveSchedule, stopped_improving
from train.growth.schedule import phase_of
from train.model.networks import Architecture, Generator
from train.processes.ranks import Ranks
from train.run import Run

ALONE = Ranks(0, 1, torch.device("cpu"))


@pytest.fixture
def watching(params):
    changes = {"schedule": "adaptive", "adaptive_kimg": 0.04, "adaptive_patience": 2, "adaptive_gain": 0.1}
    changes["adaptive_images"] = 16
    return params.model_copy(update=changes | {"stabilise_kimg": 1.0, "fade_kimg": 0.4})


@pytest.mark.parametrize(
    ("distances", "stopped"),
    [
        ([], False),
        ([9.0, 8.0], False),  # nothing before the last two
        ([10.0, 9.5, 9.2], True),  # less than a tenth better
        ([10.0, 9.5, 8.9], False),
        ([10.0, 8.0, 9.0, 9.0], True),
        ([10.0, 8.0, 9.0, 7.1], False),
    ],
)
def test_a_level_has_stopped_when_the_last_looks_are_no_better_than_those_before(
    watching, distances, stopped
):
    assert stopped_improving(distances, watching) == stopped


def test_a_transition_starts_when_the_level_stops_and_lasts_as_long_as_it_took_to_learn(watching):
    growth = AdaptiveSchedule(2, watching)
    assert growth.lod_at(0) == 2.0
    assert not growth.due(39)
    for images_shown, distance in [(40, 20.0), (80, 12.0), (120, 10.0), (160, 10.0)]:
        assert growth.due(images_shown)
        growth.note(images_shown, distance)
        assert not growth.transitions
    growth.note(200, 10.0)
    assert growth.transitions == [(200, 120)], "it first came within a tenth of its best at 120"
    assert growth.lod_at(260) == pytest.approx(1.5)
    assert growth.lod_at(320) == growth.lod_at(350) == 1.0
    assert not growth.due(320 + 39)
    assert growth.due(320 + 40)


@pytest.mark.parametrize(("learned", "length"), [(40, 100), (360, 360), (440, 400)])
def test_a_transition_is_neither_shorter_than_a_quarter_nor_longer_than_the_fixed_one(
    watching, learned, length
):
    growth = AdaptiveSchedule(2, watching)
    growth.measured = [(images_shown, 20.0) for images_shown in range(40, learned, 40)]
    for images_shown in (learned, learned + 40, learned + 80):
        growth.note(images_shown, 10.0)
    assert growth.transitions == [(learned + 80, length)]


def test_a_level_without_distance_lasts_as_long_as_the_fixed_one(watching):
    growth = AdaptiveSchedule(2, watching)
    for images_shown in range(40, 1000, 40):
        growth.note(images_shown, None)
    assert growth.transitions == []
    growth.note(1000, None)
    assert growth.transitions == [(1000, 400)]


def test_a_level_ends_with_its_longest_time_however_far_apart_the_looks_are(watching):
    growth = AdaptiveSchedule(2, watching.model_copy(update={"adaptive_kimg": 5.0}))
    assert not growth.due(999)
    assert growth.due(1000)
    growth.note(1000, 10.0)
    assert growth.transitions == [(1000, 400)]
    assert not growth.due(1400 + 999)
    assert growth.due(1400 + 1000)


def test_nothing_is_looked_at_when_all_levels_are_there(watching):
    growth = AdaptiveSchedule(1, watching)
    growth.note(1000, None)
    assert not growth.due(10**9)
    assert growth.lod_at(10**9) == 0.0


def test_a_distance_is_measured_from_16_px_on_and_is_the_same_each_time(dataset, watching):
    generator = Generator(Architecture(16, watching.latent_size, 64, 8))
    looks = [
        measure(generator, dataset, phase_of(lod, 16, 1, watching), watching, ALONE.device)
        for lod in (0.0, 0.0, 1.0)
    ]
    assert looks[0] == looks[1] > 10
    assert looks[2] is None


def test_sets_of_one_kind_are_nearer_than_sets_of_two(dataset):
    images = dataset.images(range(40), 16)
    assert distance_of(images, images, seed=0) < distance_of(images[:20], images[20:], seed=0)
    assert distance_of(images, 255 - images // 4, seed=0) > 2 * distance_of(images, images, seed=0)


def test_an_adaptive_run_resumes_bit_for_bit_and_grows_by_what_it_measured(
    tmp_path, dataset, watching, monkeypatch
):
    params = watching.model_copy(update={"stabilise_kimg": 0.2, "fade_kimg": 0.1, "total_kimg": 0.4})
    larger = params.model_copy(update={"initial_resolution": 8})
    whole = Run(tmp_path / "whole", dataset, larger, ALONE, "commit")
    whole.go()
    assert len(whole.adaptive.transitions) == 1
    start, length = whole.adaptive.transitions[0]
    assert start == pytest.approx(200, abs=32)
    assert length == 100
    for until in (0.1, 0.25, 0.4):
        part = larger.model_copy(update={"total_kimg": until})
        resumed = Run(tmp_path / "parts", dataset, part, ALONE, "commit")
        resumed.go()
    assert resumed.adaptive.state() == whole.adaptive.state()
    for name, tensor in whole.trainer.state().items():
        assert torch.equal(tensor, resumed.trainer.state()[name]), name


def test_looks_use_the_distance_where_there_is_one(tmp_path, dataset, watching, monkeypatch):
    """At 16 px, of 32: a distance that stays the same ends the level long before its longest time."""
    monkeypatch.setattr(look, "SMALLEST", 8)
    monkeypatch.setattr(look, "distance_of", lambda real, fake, seed: 10.0)
    params = watching.model_copy(update={"initial_resolution": 8, "total_kimg": 0.4})
    training = Run(tmp_path, dataset, params, ALONE, "commit")
    training.go()
    assert [start for start, _ in training.adaptive.transitions] == [pytest.approx(128, abs=16)]
