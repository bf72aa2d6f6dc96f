"""Held-out images take no part in a training."""

import pytest

from evaluate.sets.novelty import knows_held_out, may_know_held_out
from fashion_pggan.errors import UserError
from fashion_pggan.storage.shards import Dataset
from generate.sampling.sampler import snapshots_in
from train import stage
from train.limits.held_out import shown
from train.saved.snapshot import read_origin

HELD_OUT = {0, 3, 7, 16, 17, 31, 39}


def test_held_out_images_are_never_shown(tmp_path, params, make_dataset, monkeypatch, caplog):
    caplog.set_level("INFO")
    seen = set()
    images = Dataset.images

    def watched(self, indices, resolution):
        seen.update(map(int, indices) if type(self) is Dataset else ())
        return images(self, indices, resolution)

    make_dataset(tmp_path / "curated", held_out=HELD_OUT, share=0.2)
    monkeypatch.setattr(Dataset, "images", watched)
    short = params.model_copy(update={"total_kimg": 0.2})
    stage.run(tmp_path / "curated", tmp_path / "models", short, runs=tmp_path / "runs")
    assert seen == set(range(40)) - HELD_OUT
    assert "7 of 40 images are held out (curate.held_out)" in caplog.text


def test_too_few_images_besides_those_held_out_are_refused(tmp_path, params, make_dataset):
    make_dataset(tmp_path / "curated", held_out=range(38), share=0.95)
    with pytest.raises(UserError, match=r"the dataset has 2 images besides .*0\.95, and training needs 4"):
        stage.run(tmp_path / "curated", tmp_path / "models", params, runs=tmp_path / "runs")


def test_a_share_that_holds_no_image_out_is_told_before_the_training(tmp_path, dataset, make_dataset, caplog):
    assert shown(dataset) is dataset
    assert not caplog.messages
    assert len(shown(make_dataset(tmp_path / "none", share=0.000001))) == 40
    assert "curate.held_out 1e-06 holds none of 40 images out" in caplog.text


@pytest.mark.parametrize("way", ["resume", "start_from", "models"])
def test_a_run_that_goes_on_from_images_that_are_held_out_now_says_so_and_so_do_its_snapshots(
    tmp_path, params, dataset, make_dataset, caplog, way
):
    short, runs = params.model_copy(update={"total_kimg": 0.1}), tmp_path / "runs"
    stage.run(dataset.folder, tmp_path / "before", short, runs=runs)
    (former,) = runs.iterdir()
    now = make_dataset(tmp_path / "curated", held_out=HELD_OUT, share=0.2)
    changes = {
        "resume": {"resume": former.name, "total_kimg": 0.2},
        "start_from": {"start_from": former.name},
        "models": {"start_from": str(tmp_path / "before")},
    }
    stage.run(now.folder, tmp_path / "models", short.model_copy(update=changes[way]), runs=runs)
    says = (
        "held out 0 of the images, and curate.held_out is 0.2: they were shown images that are held out now"
    )
    assert says in caplog.text
    origin = read_origin(snapshots_in(tmp_path / "models")[-1])
    assert (origin.unseen, knows_held_out(origin, now)) == (0.0, True)


def test_snapshots_of_a_run_that_always_held_them_out_know_none(tmp_path, params, dataset, make_dataset):
    short, runs = params.model_copy(update={"total_kimg": 0.1}), tmp_path / "runs"
    now = make_dataset(tmp_path / "curated", held_out=HELD_OUT, share=0.2)
    stage.run(now.folder, tmp_path / "models", short, runs=runs)
    origin = read_origin(snapshots_in(tmp_path / "models")[-1])
    assert (origin.unseen, knows_held_out(origin, now)) == (0.2, False)
    stage.run(dataset.folder, tmp_path / "plain", short, runs=runs)
    plain = read_origin(snapshots_in(tmp_path / "plain")[-1])
    assert (plain.unseen, knows_held_out(plain, dataset), knows_held_out(plain, now)) == (None, False, True)


@pytest.mark.parametrize("way", ["resume", "start_from", "models"])
def test_a_run_that_goes_on_from_another_version_may_know_held_out_images(
    tmp_path, params, make_dataset, caplog, way
):
    short, runs = params.model_copy(update={"total_kimg": 0.05}), tmp_path / "runs"
    first = make_dataset(tmp_path / "first", held_out=HELD_OUT, share=0.2)
    stage.run(first.folder, tmp_path / "before", short, runs=runs)
    assert "may have been shown" not in caplog.text
    (former,) = runs.iterdir()
    now = make_dataset(tmp_path / "curated", held_out={1, 2}, share=0.2)
    changes = {
        "resume": {"resume": former.name, "total_kimg": 0.1},
        "start_from": {"start_from": former.name},
        "models": {"start_from": str(tmp_path / "before")},
    }
    stage.run(now.folder, tmp_path / "models", short.model_copy(update=changes[way]), runs=runs)
    assert "some that are held out now may have been shown" in caplog.text
    before, origin = (read_origin(snapshots_in(tmp_path / name)[-1]) for name in ("before", "models"))
    assert (before.other_dataset, may_know_held_out(before, first), may_know_held_out(before, now)) == (
        False,
        False,
        True,
    )
    assert (origin.other_dataset, may_know_held_out(origin, now), knows_held_out(origin, now)) == (
        True,
        True,
        False,
    )
