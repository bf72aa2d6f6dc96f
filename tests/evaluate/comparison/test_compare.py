"""Describing sets on the cores and on a device, which is never waited for."""

import numpy as np
import pytest
import torch

from evaluate.comparison.compare import describe
from evaluate.sets.image_set import ImageSet
from fashion_pggan.distance.descriptors import DescriptorWriter, draw_centres, patches_at
from fashion_pggan.distance.pyramid import gaussian_pyramid
from fashion_pggan.distance.work import Work

CORES = Work(1)
ON_TORCH = Work(1, torch.device("cpu"))  # the way of a CUDA device, on this machine
NO_DEVICE = Work(1, torch.device("meta"))  # knows shapes alone: whoever asks for a value gets an error


@pytest.fixture
def image_set(make_images):
    images = make_images(20, 32, 0)
    return ImageSet("reals", 20, 32, lambda indices: images[indices.start : indices.stop])


@pytest.mark.parametrize("kept", ["on disk", "on the device"])
def test_a_device_describes_as_the_cores_do(tmp_path, params, image_set, kept):
    advanced = []
    here = describe(image_set, params, tmp_path / "here", CORES, lambda count: None)
    folder = tmp_path / "there" if kept == "on disk" else None
    there = describe(image_set, params, folder, ON_TORCH, advanced.append)
    assert advanced == [16, 4]
    assert isinstance(there[32].values, torch.Tensor) == (folder is None)
    for level, expected in here.items():
        np.testing.assert_allclose(there[level].tensor, expected.tensor, atol=1e-3)
        np.testing.assert_allclose(there[level].moments, expected.moments, rtol=1e-4, atol=1e-3)


def test_an_image_that_cannot_be_read_ends_describing_on_a_device(params):
    def read(indices):
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        describe(ImageSet("reals", 20, 32, read), params, None, ON_TORCH, lambda count: None)


def test_describing_waits_for_no_device(make_images):
    images = torch.from_numpy(make_images(4, 64, 0))
    smoothed = gaussian_pyramid(images, 16, NO_DEVICE)
    for here, below in zip(smoothed, [*smoothed[1:], None], strict=True):
        level = here.shape[1]
        cut = patches_at(here, below, draw_centres(0, "reals", level, 4, 8, 7), 7)
        writer = DescriptorWriter(None, level, 4, 8, 147, NO_DEVICE)
        writer.put(range(4), cut)
        assert cut.device == writer.moments.device == NO_DEVICE.device
        assert cut.shape == (32, 147)
