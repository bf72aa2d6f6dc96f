"""Distances and images on a CUDA device, against those of the cores."""

import numpy as np
import pytest
import torch

from evaluate.comparison.compare import compare, describe
from evaluate.sets.image_set import ImageSet
from fashion_pggan.distance.pyramid import gaussian_pyramid
from fashion_pggan.distance.work import Work
from generate.sampling.sampler import Sampler, snapshots_in

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
CORES = Work(2)


@pytest.fixture
def cuda():
    return Work(2, torch.device("cuda:0"))


def test_the_pyramid_is_that_of_the_cores(cuda, make_images):
    images = torch.from_numpy(make_images(4, 128, 0))
    for here, there in zip(*(gaussian_pyramid(images, 16, work) for work in (CORES, cuda)), strict=True):
        torch.testing.assert_close(there.cpu(), here, atol=1e-3, rtol=0)


@pytest.mark.parametrize("has_room", [True, False])
def test_distances_are_those_of_the_cores(cuda, tmp_path, params, make_images, has_room):
    images = {name: make_images(20, 64, seed) for seed, name in enumerate(("reals", "fakes"))}

    def measured(work, folder):
        described = [
            describe(
                ImageSet(name, 20, 64, lambda indices, each=each: each[indices.start : indices.stop]),
                params,
                folder and folder / name,
                work,
                lambda count: None,
            )
            for name, each in images.items()
        ]
        return compare(*described, params, work).plain()

    here, there = measured(CORES, tmp_path / "here"), measured(cuda, None if has_room else tmp_path / "there")
    for level, pair in here["levels"].items():
        assert there["levels"][level] == pytest.approx(pair, rel=1e-4)


def test_a_device_without_room_is_known(cuda):
    assert cuda.has_room(1)
    assert not cuda.has_room(torch.cuda.mem_get_info()[1])


def test_a_snapshot_makes_the_same_images_but_for_rounding(cuda, models):
    snapshot = snapshots_in(models)[-1]
    here, there = (
        Sampler.load(snapshot, work.torch_device).images(0, range(8)).astype(int) for work in (CORES, cuda)
    )
    assert np.abs(here - there).max() <= 1
