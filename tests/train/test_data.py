import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from train.data import faded, indices_at, reals_at
from train.networks import downscale, upscale
from train.schedule import Phase


@given(st.integers(1, 50), st.integers(0, 5), st.integers(0, 3))
def test_each_pass_shows_each_picture_once(total, number, seed):
    shown = indices_at(number * total, total, total, seed)
    assert sorted(shown) == list(range(total))


@given(st.integers(1, 30), st.integers(0, 100), st.integers(1, 40), st.integers(1, 40))
def test_pictures_do_not_depend_on_how_they_are_split_into_minibatches(total, start, first, second):
    whole = indices_at(start, first + second, total, 7)
    parts = [indices_at(start, first, total, 7), indices_at(start + first, second, total, 7)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))


def test_another_seed_and_another_pass_are_other_orders():
    assert list(indices_at(0, 100, 100, 0)) != list(indices_at(0, 100, 100, 1))
    assert list(indices_at(0, 100, 100, 0)) != list(indices_at(100, 100, 100, 0))


def _reals(dataset, *, lod=0.0, mirror=False, rank=0, ranks=1, images_shown=64):
    resolution = dataset.resolution // 2 ** int(lod)
    phase = Phase(lod=lod, resolution=resolution, minibatch=8, learning_rate=0.001)
    return reals_at(dataset, images_shown, phase, seed=3, mirror=mirror, rank=rank, ranks=ranks)


def test_reals_are_the_shards_pixels_from_minus_one_to_one(dataset):
    reals = _reals(dataset)
    indices = indices_at(64, 8, len(dataset), 3)
    pixels = dataset.pictures(indices, 16).transpose(0, 3, 1, 2)
    assert reals.shape == (8, 3, 16, 16)
    assert reals.dtype == torch.float32
    np.testing.assert_allclose(reals.numpy(), pixels / 127.5 - 1, atol=1e-6)


@pytest.mark.parametrize("mirror", [False, True])
def test_ranks_together_see_what_one_process_would(dataset, mirror):
    whole = _reals(dataset, mirror=mirror)
    for rank in range(2):
        torch.testing.assert_close(_reals(dataset, mirror=mirror, rank=rank, ranks=2), whole[rank::2])


def test_mirroring_turns_about_half_and_only_left_to_right(dataset):
    flipped = 0
    for images_shown in range(0, 800, 8):
        plain, mirrored = (_reals(dataset, mirror=m, images_shown=images_shown) for m in (False, True))
        for before, after in zip(plain, mirrored, strict=True):
            same = torch.equal(before, after)
            assert same or torch.equal(before.flip(2), after)
            flipped += not same
    assert 300 < flipped < 500


def test_reals_fade_like_the_generator_does(dataset):
    plain = _reals(dataset, lod=0.0)
    expected = plain * 0.7 + upscale(downscale(plain)) * 0.3
    torch.testing.assert_close(_reals(dataset, lod=0.3), expected)
    torch.testing.assert_close(faded(plain, 0.0), plain, rtol=0, atol=0)
