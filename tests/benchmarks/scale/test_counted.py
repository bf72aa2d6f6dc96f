"""What a schedule costs on more GPUs is counted with the code that trains."""

from pathlib import Path

import pytest

from benchmarks.scale import counted
from benchmarks.scale.counted import Link, gradient_bytes, grown_bytes, sent
from fashion_pggan.params import load_params
from train.model.networks import Architecture, Critic, Generator

PAPER = Path(__file__).parents[3] / "presets/paper.yaml"
SMALL = Architecture(16, 8, 64, 8)


@pytest.fixture
def params():
    return load_params(PAPER).train


def test_every_level_hands_over_the_gradients_of_both_whole_networks(params):
    both = sum(p.numel() for network in (Generator, Critic) for p in network(SMALL).parameters())
    for side in (4, 8, 16):
        assert gradient_bytes(SMALL, params, side) == 4 * both
    assert grown_bytes(SMALL, params, 4) < grown_bytes(SMALL, params, 8) < grown_bytes(SMALL, params, 16)
    assert grown_bytes(SMALL, params, 16) == 4 * both


@pytest.mark.parametrize(("gpus", "factor"), [(1, 0.0), (2, 1.0), (8, 1.75), (512, 2 * 511 / 512)])
def test_a_ring_sends_nearly_twice_the_gradients(gpus, factor):
    assert sent(100.0, gpus) == pytest.approx(100 * factor)


def test_a_step_has_two_all_reduces_whose_messages_follow_each_other():
    link = Link(gigabytes_per_s=10.0, latency_us=5.0)
    assert link.seconds(0, 8) == pytest.approx(2 * 14 * 5e-6)
    assert link.seconds(8e9, 2) - link.seconds(0, 2) == pytest.approx(0.8)


def test_more_gpus_than_images_of_a_step_are_shown_as_refused(params):
    assert counted._refusal(512, 8, params) == ""
    assert "train.minibatch at 64 px is smaller than the number of processes, 64" in counted._refusal(
        512, 64, params
    )
    assert counted._refusal(512, 64, counted._with_share(params, 512, 64, 4)) == ""


def test_the_steps_of_all_levels_show_the_images_of_the_schedule(params):
    shape = Architecture(512, params.latent_size, params.fmap_base, params.fmap_max)
    shown = sum(
        side * counted._steps(side, side, shape, params) for side in (4, 8, 16, 32, 64, 128, 256, 512)
    )
    assert shown / 1000 == pytest.approx(params.total_kimg, rel=0.001)
