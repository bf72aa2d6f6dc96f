"""The nearest training images."""

import numpy as np

from fashion_pggan.storage.shards import Dataset, ShardWriter, levels_up_to
from generate.checks.neighbours import Training
from generate.sampling.sampler import Sampler, snapshots_in
from tests.generate.conftest import boxes


def test_the_nearest_images_are_those_that_a_look_at_all_of_them_finds(trained):
    dataset = Dataset(trained / "data")
    image = Sampler.load(snapshots_in(trained / "models")[-1]).images(9, [4])[0].astype(float)
    all_of_them = dataset.images(range(len(dataset)), 16).astype(float)
    both = np.stack([all_of_them, all_of_them[:, :, ::-1]])
    apart = np.sqrt(np.square(both - image).mean(axis=(2, 3, 4))).min(axis=0)
    found = Training.of_dataset(dataset).nearest(image.astype(np.uint8), 5)
    assert [one.index for one in found] == np.argsort(apart, kind="stable")[:5].tolist()
    np.testing.assert_allclose([one.distance for one in found], np.sort(apart)[:5])


def test_held_out_images_are_no_training_images(tmp_path):
    random = np.random.default_rng(0)
    writer = ShardWriter(tmp_path / "data", 16, 64, held_out=0.5)
    images = random.integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)
    for number, image in enumerate(images):
        writer.add({side: boxes(image, side) for side in levels_up_to(16)}, held_out=number in (0, 2))
    writer.finish()
    training = Training.of_dataset(Dataset(tmp_path / "data"))
    assert training.count == 2
    near = training.nearest(images[3])[0]
    assert (training.numbers[near.index], near.distance) == (3, 0)
    np.testing.assert_array_equal(training.image(near.index), images[3])
    assert training.nearest(images[2])[0].distance > 0


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
