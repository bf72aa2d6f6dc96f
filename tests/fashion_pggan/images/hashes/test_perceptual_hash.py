import numpy as np
import pytest
from PIL import Image

from fashion_pggan.images.hashes.perceptual_hash import bits_apart, grey_of, hash_of_grey, perceptual_hash


def test_the_hash_of_an_image_survives_what_copies_go_through(make_images):
    one, other = make_images(2, 64, 5)
    softer = np.asarray(Image.fromarray(one).resize((48, 48)).resize((64, 64)))
    hashes = np.stack([perceptual_hash(each) for each in (one, softer, other)])
    bits = bits_apart(perceptual_hash(one), hashes)
    assert bits[0] == 0
    assert bits[1] < 40 < bits[2]


@pytest.mark.parametrize("side", [1, 16, 64, 300])
def test_an_image_of_any_size_has_256_bits(make_images, side):
    image = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    assert (perceptual_hash(image).shape, perceptual_hash(image).dtype) == ((32,), np.uint8)


def test_a_mirrored_image_has_the_hash_of_its_mirrored_greys(make_images):
    image = make_images(1, 64, 1)[0]
    mirrored = np.ascontiguousarray(image[:, ::-1])
    assert bits_apart(perceptual_hash(mirrored), hash_of_grey(grey_of(image)[:, ::-1])) == 0


def test_differing_bits_are_counted_along_the_last_axis():
    none, all_bits = np.zeros(32, np.uint8), np.full(32, 255, np.uint8)
    one = none.copy()
    one[3] = 0b100
    assert bits_apart(none, np.stack([none, one, all_bits])).tolist() == [0, 1, 256]
