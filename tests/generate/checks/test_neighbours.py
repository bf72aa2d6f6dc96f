"""The nearest training images."""

import numpy as np

from fashion_pggan.storage.shards import Dataset
from generate.checks.neighbours import Training
from generate.sampling.sampler import Sampler, snapshots_in


def test_the_nearest_images_are_those_that_a_look_at_all_of_them_finds(trained):
    dataset = Dataset(trained / "data")
    image = Sampler.load(snapshots_in(trained / "models")[-1]).images(9, [4])[0].astype(float)
    all_of_them = dataset.images(range(len(dataset)), 16).astype(float)
    both = np.stack([all_of_them, all_of_them[:, :, ::-1]])
    apart = np.sqrt(np.square(both - image).mean(axis=(2, 3, 4))).min(axis=0)
    found = Training.of_dataset(dataset).nearest(image.astype(np.uint8), 5)
    assert [one.index for one in found] == np.argsort(apart, kind="stable")[:5].tolist()
    np.testing.assert_allclose([one.distance for one in found], np.sort(apart)[:5])


def test_a_darkened_copy_is_a_copy_by_its_hash(trained):
    dataset = Dataset(trained / "data")
    image = dataset.images([20], 16)[0]
    near = Training.of_dataset(dataset).nearest(image[:, ::-1] // 2)[0]
    assert (near.index, near.mirrored, near.copy) == (20, True, True)
    assert near.distance > 50
    assert near.bits <= 32


def training_of(images):
    return Training(len(images), images.shape[1], lambda indices: images[indices.start : indices.stop])


def test_flat_images_of_different_colours_are_no_copies():
    """Their hashes are equal, for they say nothing."""
    levels = np.array([20, 90, 160, 230], dtype=np.uint8)
    flat = np.ones((4, 32, 32, 3), dtype=np.uint8) * levels[:, None, None, None]
    (nearest,) = training_of(flat[1:]).nearest(flat[0])
    assert not nearest.copy
    assert training_of(flat).repeats() == 0
    assert training_of(np.concatenate([flat, flat[:2] + 2])).repeats() == 2


def test_images_that_repeat_earlier_ones_are_counted_darkened_ones_too(trained):
    images = Dataset(trained / "data").images(range(20), 16)
    assert training_of(images).repeats() == 0
    assert training_of(np.concatenate([images, images[:3], images[5:7] // 2])).repeats() == 5
