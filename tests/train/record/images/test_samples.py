import math

import pytest
import torch

from train.model.networks import Architecture, Generator
from train.record.images.samples import distance_between, images_of, stddev_of, stddev_over


def test_images_that_are_all_equal_have_no_standard_deviation():
    assert stddev_over(torch.rand(1, 3, 8, 8).expand(5, 3, 8, 8)) == pytest.approx(0, abs=1e-6)


def test_two_opposite_images_deviate_by_one():
    white = torch.ones(1, 3, 4, 4)
    assert stddev_over(torch.cat([white, -white])) == 1.0


def test_the_standard_deviation_is_over_images_not_within_them():
    busy = torch.randn(1, 3, 32, 32)
    assert stddev_over(torch.cat([busy + 0.1, busy - 0.1])) == pytest.approx(0.1, rel=1e-4)


def test_the_datasets_own_is_that_of_its_images_in_the_same_units(dataset):
    """40 images, all of them taken: the second moment by hand."""
    for resolution in (4, 16):
        images = dataset.images(range(40), resolution).astype("float64") / 127.5 - 1
        expected = math.sqrt(images.var(axis=0).mean())
        assert stddev_of(dataset, resolution) == pytest.approx(expected, rel=1e-5)


def test_the_distance_is_that_of_pairs_of_images(dataset):
    images = dataset.images(range(40), 16).reshape(40, -1).astype("float64") / 127.5 - 1
    squares = ((images[:, None] - images[None]) ** 2).sum(-1)  # with each image to itself
    assert distance_between(stddev_of(dataset, 16), 16) == pytest.approx(math.sqrt(squares.mean()), rel=1e-4)


def test_images_are_made_in_parts_without_changing_them_and_are_clamped():
    generator = Generator(Architecture(16, 8, 64, 8))
    latents = torch.randn(37, 8)
    made = images_of(generator, latents, 0.5)
    with torch.no_grad():
        torch.testing.assert_close(made, generator(latents, 0.5).clamp(-1, 1))
    assert not made.requires_grad
