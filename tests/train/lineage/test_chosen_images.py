"""A part of a dataset."""

import numpy as np
import pytest

from train.lineage.chosen_images import Part


def test_a_part_reads_like_a_dataset_of_its_own(tmp_path, make_dataset):
    dataset = make_dataset(tmp_path / "data", held_out={5, 6}, share=0.1)
    part = Part(dataset, np.array([1, 5, 10]))
    assert (len(part), part.version, part.resolution) == (3, dataset.version, 16)
    assert part.held_out.tolist() == [False, True, False]
    assert np.array_equal(part.images([2, 0], 8), dataset.images([10, 1], 8))
    assert np.array_equal(part.image(1, 8), dataset.image(5, 8))
    with pytest.raises(IndexError, match="indices 0 to 3 of 3 images"):
        part.images([0, 3], 8)
    with pytest.raises(IndexError, match="index 3 of 3 images"):
        part.image(3, 8)
