"""Images on a CUDA device, against those of the CPU."""

import numpy as np
import pytest

from generate.sampling.sampler import Sampler, snapshots_in

pytestmark = pytest.mark.gpu


def test_a_snapshot_makes_the_same_images_but_for_rounding(gpu, models):
    for snapshot in snapshots_in(models):
        here, there = (
            Sampler.load(snapshot, device).images(0, range(8)).astype(int) for device in ("cpu", gpu)
        )
        assert np.abs(here - there).max() <= 1
