"""Pyramids and patches on a CUDA device, against those of the cores."""

import pytest
import torch

from fashion_pggan.distance.descriptors import DescriptorWriter, draw_centres, patches_at
from fashion_pggan.distance.pyramid import gaussian_pyramid
from fashion_pggan.distance.work import Work

pytestmark = pytest.mark.gpu


@pytest.fixture
def cuda(gpu):
    return Work(2, gpu)


def test_the_pyramid_is_that_of_the_cores(cuda, make_images):
    images = torch.from_numpy(make_images(4, 128, 0))
    for here, there in zip(*(gaussian_pyramid(images, 16, work) for work in (Work(2), cuda)), strict=True):
        torch.testing.assert_close(there.cpu(), here, atol=1e-3, rtol=0)


def test_describing_waits_for_nothing(real_gpu, cuda, make_images):
    images = torch.from_numpy(make_images(4, 64, 0))

    def describe() -> None:
        smoothed = gaussian_pyramid(images, 16, cuda)
        for here, below in zip(smoothed, [*smoothed[1:], None], strict=True):
            level = here.shape[1]
            cut = patches_at(here, below, draw_centres(0, "reals", level, 4, 8, 7), 7)
            DescriptorWriter(None, level, 4, 8, 147, cuda).put(range(4), cut)

    describe()
    torch.cuda.set_sync_debug_mode("error")
    try:
        describe()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_a_device_without_room_is_known(real_gpu, cuda):
    assert cuda.has_room(1)
    assert not cuda.has_room(torch.cuda.mem_get_info()[1])
