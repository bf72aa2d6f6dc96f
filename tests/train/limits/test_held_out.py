"""Held-out images take no part in a training."""

import numpy as np
import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.storage.shards import Dataset
from train import stage
from train.limits.held_out import shown


def test_held_out_images_are_never_shown(project, params, dataset, monkeypatch, caplog):
    caplog.set_level("INFO")
    seen = set()
    images = Dataset.images

    def watched(self, indices, resolution):
        seen.update(map(int, indices) if type(self) is Dataset else ())
        return images(self, indices, resolution)

    monkeypatch.setattr(Dataset, "images", watched)
    short = params.model_copy(update={"held_out": 0.25, "total_kimg": 0.2})
    stage.run(project / "curated", project / "models", short, runs=project / "runs")
    held_out = set(np.flatnonzero(dataset.held_out(0.25)))
    assert 0 < len(held_out) < 20
    assert seen == set(range(len(dataset))) - held_out
    assert f"{len(held_out)} of 40 images are held out (train.held_out)" in caplog.text
    with pytest.raises(UserError, match=r"the dataset has \d images? besides .*training needs 4 or more"):
        stage.run(
            project / "curated",
            project / "models",
            params.model_copy(update={"held_out": 0.999}),
            runs=project / "runs",
        )


def test_a_share_that_holds_no_image_out_is_told_before_the_training(dataset, caplog):
    assert len(shown(dataset, 0.000001)) == len(dataset)
    assert "train.held_out 1e-06 holds none of 40 images out" in caplog.text
    assert len(shown(dataset, 0.25)) < len(dataset)
    assert len(caplog.messages) == 1
