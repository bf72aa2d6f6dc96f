"""Distances on a CUDA device, against those of the cores."""

import pytest

from evaluate.comparison.compare import compare, describe
from evaluate.sets.image_set import ImageSet
from fashion_pggan.distance.work import Work

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("has_room", [True, False])
def test_distances_are_those_of_the_cores(gpu, tmp_path, params, make_images, has_room):
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

    here = measured(Work(2), tmp_path / "here")
    there = measured(Work(2, gpu), None if has_room else tmp_path / "there")
    for level, pair in here["levels"].items():
        assert there["levels"][level] == pytest.approx(pair, rel=1e-4)
