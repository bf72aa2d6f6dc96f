import numpy as np

from evaluate.measures.nearest import neighbours_among, neighbours_of, training_of
from evaluate.sets.sources import of_dataset
from tests.evaluate.sets.image_sets import set_of


def test_a_set_is_reduced_once_and_looked_up_part_by_part(dataset):
    described = []
    images = of_dataset(dataset, np.arange(len(dataset)))
    training = training_of(images, described.append)
    assert sum(described) == len(dataset)
    backwards = set_of(dataset.images(range(10), 32)[::-1])
    parts = [neighbours_of(backwards.part(*part, "part"), training) for part in ((0, 3), (3, 7))]
    assert [index for part in parts for index in part.index] == list(range(9, -1, -1))
    assert all((part.pixels == 0).all() for part in parts)
    others = neighbours_among(images.part(0, 10, "first"), training)[0]
    assert (others.pixels > 0).all()
