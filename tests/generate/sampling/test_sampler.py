"""Images of latent vectors."""

import numpy as np
import pytest
import torch

from fashion_pggan.errors import UserError
from generate.sampling.sampler import Sampler, snapshots_in


def test_a_latent_depends_on_its_seed_and_index_alone(models):
    sampler = Sampler.load(snapshots_in(models)[-1])
    torch.testing.assert_close(sampler.latents(1, [7, 3])[1], sampler.latents(1, range(5))[3], rtol=0, atol=0)
    assert not torch.equal(sampler.latents(1, [0]), sampler.latents(2, [0]))


def test_images_are_quantised_as_published(models):
    sampler = Sampler.load(snapshots_in(models)[-1])
    with torch.no_grad():
        raw = sampler.generator(sampler.latents(1, range(6)), 0.0)
    expected = np.clip(np.rint(raw.double().numpy() * 127.5 + 127.5), 0, 255).transpose(0, 2, 3, 1)
    images = sampler.images(1, range(6))
    assert images.dtype == np.uint8
    np.testing.assert_allclose(images.astype(float), expected, atol=1)  # float32 may round a tie otherwise
    assert (images == expected).mean() > 0.999


def test_a_snapshot_taken_while_growing_is_repeated_up_to_the_final_resolution(models):
    images = Sampler.load(snapshots_in(models)[0]).images(1, range(2))
    assert images.shape == (2, 16, 16, 3)
    np.testing.assert_array_equal(images[:, ::2, ::2], images[:, 1::2, 1::2])


def test_no_snapshots_are_named(tmp_path):
    with pytest.raises(UserError, match="run the train stage first"):
        snapshots_in(tmp_path)


def test_truncation_draws_images_together_and_1_changes_nothing(sampler):
    images = [sampler.truncated(amount).images(1, range(16)) for amount in (1.0, 0.3, 0.0)]
    np.testing.assert_array_equal(images[0], sampler.images(1, range(16)))
    spreads = [one.astype(float).std(axis=0).mean() for one in images]
    assert spreads[0] > spreads[1] > spreads[2] == 0
    shrunk = sampler.images_of(sampler.latents(1, range(16)) * 0.3)  # what does nothing here
    assert np.abs(shrunk.astype(int) - images[0]).max() <= 1
