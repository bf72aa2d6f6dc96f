from dataclasses import fields

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from train.growth.schedule import Phase
from train.model.networks import downscale, upscale
from train.model.randomness import indices_at
from train.processes.ranks import Ranks
from train.step.data import Batch, Feed, faded, reals_of, resident_bytes


@given(st.integers(1, 50), st.integers(0, 5), st.integers(0, 3))
def test_each_pass_shows_each_image_once(total, number, seed):
    shown = indices_at(number * total, total, total, seed)
    assert sorted(shown) == list(range(total))


@given(st.integers(1, 30), st.integers(0, 100), st.integers(1, 40), st.integers(1, 40))
def test_images_do_not_depend_on_how_they_are_split_into_minibatches(total, start, first, second):
    whole = indices_at(start, first + second, total, 7)
    parts = [indices_at(start, first, total, 7), indices_at(start + first, second, total, 7)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))


def test_another_seed_and_another_pass_are_other_orders():
    assert list(indices_at(0, 100, 100, 0)) != list(indices_at(0, 100, 100, 1))
    assert list(indices_at(0, 100, 100, 0)) != list(indices_at(100, 100, 100, 0))


@pytest.fixture
def reals(dataset, preset):
    def make(*, lod=0.0, mirror=False, rank=0, ranks=1, images_shown=64):
        resolution = dataset.resolution // 2 ** int(lod)
        phase = Phase(lod=lod, resolution=resolution, minibatch=8, learning_rate=0.001)
        params = preset.model_copy(update={"seed": 3, "mirror": mirror})
        feed = Feed(dataset, params, Ranks(rank, ranks, torch.device("cpu")))
        batch = feed.batch_at(images_shown, phase)
        feed.close()
        return reals_of(batch, phase.fade or None)

    return make


def test_reals_are_the_shards_pixels_from_minus_one_to_one(dataset, reals):
    images = reals()
    indices = indices_at(64, 8, len(dataset), 3)
    pixels = dataset.images(indices, 16).transpose(0, 3, 1, 2)
    assert images.shape == (8, 3, 16, 16)
    assert images.dtype == torch.float32
    np.testing.assert_allclose(images.numpy(), pixels / 127.5 - 1, atol=1e-6)


@pytest.mark.parametrize("mirror", [False, True])
def test_ranks_together_see_what_one_process_would(reals, mirror):
    whole = reals(mirror=mirror)
    for rank in range(2):
        torch.testing.assert_close(reals(mirror=mirror, rank=rank, ranks=2), whole[rank::2])


def test_mirroring_turns_about_half_and_only_left_to_right(reals):
    flipped = 0
    for images_shown in range(0, 800, 8):
        plain, mirrored = (reals(mirror=m, images_shown=images_shown) for m in (False, True))
        for before, after in zip(plain, mirrored, strict=True):
            same = torch.equal(before, after)
            assert same or torch.equal(before.flip(2), after)
            flipped += not same
    assert 300 < flipped < 500


def test_reals_fade_like_the_generator_does(reals):
    plain = reals(lod=0.0)
    expected = plain * 0.7 + upscale(downscale(plain)) * 0.3
    torch.testing.assert_close(reals(lod=0.3), expected)
    torch.testing.assert_close(faded(plain, None), plain, rtol=0, atol=0)


def test_the_feed_works_ahead_and_gives_the_same_whatever_it_had_guessed(dataset, preset):
    """In order, as it expects; and at places that it does not, as after a change of the schedule."""
    here = Ranks(0, 1, torch.device("cpu"))
    phase = Phase(lod=1.0, resolution=8, minibatch=8, learning_rate=0.001)
    finer = Phase(lod=0.0, resolution=16, minibatch=4, learning_rate=0.001)
    feed = Feed(dataset, preset, here)
    for images_shown, wanted in [(0, phase), (8, phase), (16, finer), (20, finer), (0, phase)]:
        batch = feed.batch_at(images_shown, wanted)
        fresh = Feed(dataset, preset, here)
        for one, other in zip(batch.tensors(), fresh.batch_at(images_shown, wanted).tensors(), strict=True):
            assert torch.equal(one, other)
        fresh.close()
    feed.close()


def test_parts_of_a_batch_are_what_so_many_processes_would_have(dataset, preset):
    phase = Phase(lod=0.0, resolution=16, minibatch=8, learning_rate=0.001)
    feeds = [
        Feed(dataset, preset, Ranks(rank, count, torch.device("cpu"))) for rank, count in ((0, 1), (1, 2))
    ]
    whole, second = (feed.batch_at(40, phase) for feed in feeds)
    for feed in feeds:
        feed.close()
    for one, other in zip(whole.part(1, 2).tensors(), second.tensors(), strict=True):
        assert torch.equal(one, other)
    assert len(second.reals) == second.draws.shape[1] == 4


def test_minibatches_are_pinned_by_way_of_the_device_of_their_process(dataset, preset, monkeypatch):
    """A thread begins at device 0, where each process would hold memory."""
    entered, pinned = [], []
    monkeypatch.setattr(torch.cuda, "set_device", entered.append)
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: pinned.append(list(entered)) or tensor)
    device = torch.device("cuda:1")
    feed = Feed(dataset, preset.model_copy(update={"resident_gb": 0.0}), Ranks(1, 2, device, 1))
    feed._asked(0, Phase(lod=0.0, resolution=16, minibatch=8, learning_rate=0.001))[1].result()
    feed.close()
    assert pinned == [[device]] * len(fields(Batch))


def test_a_level_lies_on_a_cuda_device_up_to_a_size(preset):
    params = preset.model_copy(update={"resident_gb": 3 * 1000 * 64**2 / 1e9})
    where = {name: torch.device(name) for name in ("cuda", "cpu")}
    assert resident_bytes(1000, 64, params, where["cuda"]) == 3 * 1000 * 64**2
    assert resident_bytes(1001, 64, params, where["cuda"]) == 0
    assert resident_bytes(1000, 64, params, where["cpu"]) == 0
