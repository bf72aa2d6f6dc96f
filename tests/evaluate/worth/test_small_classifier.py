from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from evaluate.worth.small_classifier import labels_by, network_of, trained

LABELS = np.arange(40) % 2
IMAGES = np.random.default_rng(0).integers(0, 60, (40, 16, 16, 3), dtype=np.uint8)
IMAGES[LABELS == 1] += 120


def _trained(seed):
    with ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        return pool.submit(trained, IMAGES, LABELS, 2, seed, 320, mirror=True).result()


def test_it_has_four_layers_and_a_number_for_each_label():
    network = network_of(5, seed=0)
    assert sum(isinstance(layer, torch.nn.Conv2d) for layer in network) == 4
    assert network(torch.zeros(3, 3, 32, 32)).shape == (3, 5)


def test_equal_seeds_give_equal_weights_and_other_seeds_others():
    one, again, other = (_trained(seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_it_learns_what_can_be_told_and_gives_each_image_a_label():
    given = labels_by(_trained(0), IMAGES)
    assert (given == LABELS).all()
    assert given.dtype == np.int64
