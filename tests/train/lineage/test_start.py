"""Runs that begin with trained weights."""

import logging
import shutil

import numpy as np
import pytest
import torch

from fashion_pggan.errors import UserError
from train import stage
from train.exchange.published import export_official, import_official
from train.model.networks import Generator
from train.processes.ranks import Ranks
from train.run import Run
from train.saved.snapshot import Origin, write_snapshot

ALONE = Ranks(0, 1, torch.device("cpu"))


@pytest.fixture
def started(tmp_path, dataset, params):
    """A run at its first image, with weights from a place."""

    def start(place: object, **changes: object) -> Run:
        begun = params.model_copy(update={"start_from": str(place), "initial_resolution": 16, **changes})
        return Run(tmp_path / "runs" / "new", dataset, begun, ALONE, "commit")

    return start


def _same_weights(one: Run, other: Run) -> bool:
    vectors = one.trainer.vectors
    return all(torch.equal(vectors[name], vector) for name, vector in other.trainer.vectors.items())


def test_a_run_starts_from_the_networks_of_another_at_the_full_resolution(undisturbed, started):
    run = started(undisturbed.folder)
    assert _same_weights(run, undisturbed)
    assert run.images_shown == 0
    assert run.phase.lod == 0
    assert int(run.trainer.critic_optimizer.taken) == 0


def test_a_run_is_found_by_its_name(undisturbed, started, tmp_path):
    shutil.copytree(undisturbed.folder, tmp_path / "runs/ab12")
    assert _same_weights(started("ab12"), undisturbed)


def test_a_snapshot_with_its_critic_is_enough_and_one_without_is_refused(undisturbed, started, tmp_path):
    origin = Origin(0.8, 0.0, "p", "d", "c")
    networks = {"generator": undisturbed.generator, "critic": undisturbed.critic}
    write_snapshot(tmp_path / "whole.safetensors", undisturbed.average, origin, networks)
    assert _same_weights(started(tmp_path / "whole.safetensors"), undisturbed)
    with pytest.raises(
        UserError, match=r"holds no critic and no generator: give models .* the run's own folder"
    ):
        started(undisturbed.folder / "latest.safetensors")


def test_other_networks_and_places_without_weights_are_refused(undisturbed, started, tmp_path):
    differs = (
        r"\(train.latent_size is 8 there and 4 here, train.fmap_max is 8 there and 4 here\): set them as"
    )
    for place in (undisturbed.folder, undisturbed.folder / "networks.safetensors"):
        with pytest.raises(UserError, match=f"holds other networks than this training {differs}"):
            started(place, latent_size=4, fmap_max=4)
    with pytest.raises(UserError, match=r"no snapshot at .*nowhere"):
        started(tmp_path / "nowhere")


def test_no_line_says_that_a_training_starts_from_weights_that_it_cannot_take(
    undisturbed, dataset, params, tmp_path, caplog
):
    begun = params.model_copy(update={"fmap_max": 4})
    for place, error in {
        "nowhere": "no snapshot at nowhere",
        str(undisturbed.folder): "other networks",
    }.items():
        with pytest.raises(UserError, match=error), caplog.at_level(logging.INFO):
            stage.run(
                dataset.folder,
                tmp_path / "models",
                begun.model_copy(update={"start_from": place}),
                runs=tmp_path / "runs",
                device="cpu",
            )
    assert "training from" not in caplog.text


def test_a_folder_of_models_holds_all_networks_of_its_last_snapshot(undisturbed, started, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(undisturbed.folder / "snapshots", models / "snapshots")
    with pytest.raises(UserError, match="holds no critic and no generator: give models with a networks"):
        started(models)  # as early versions wrote them
    shutil.copy(undisturbed.folder / "networks.safetensors", models)
    assert _same_weights(started(models), undisturbed)
    assert _same_weights(started(models / "networks.safetensors"), undisturbed)


def test_a_run_starts_at_a_level_of_ones_choice(undisturbed, started):
    run = started(undisturbed.folder / "networks.safetensors", initial_resolution=8)
    assert _same_weights(run, undisturbed)
    assert (run.phase.resolution, run.phase.lod) == (8, 1)


def test_a_run_starts_from_published_weights_if_they_have_a_critic(undisturbed, started, tmp_path, caplog):
    source, weights = undisturbed.folder / "networks.safetensors", tmp_path / "weights.npz"
    export_official(source, weights)
    import_official(weights, tmp_path / "imported.safetensors")
    assert _same_weights(started(tmp_path / "imported.safetensors"), undisturbed)
    assert not caplog.messages or "has no" not in caplog.text
    with np.load(weights) as arrays:
        np.savez(weights, **{name: array for name, array in arrays.items() if not name.startswith("D/")})
    import_official(weights, tmp_path / "imported.safetensors")
    assert "has no critic (D/…): the snapshot makes images, but no training can start from it" in caplog.text
    with pytest.raises(UserError, match=r"holds no critic: give .* published weights with G/… and D/…"):
        started(tmp_path / "imported.safetensors")


def test_another_file_under_the_same_path_is_another_start(undisturbed, dataset, params, tmp_path, caplog):
    runs, place = tmp_path / "runs", tmp_path / "best.safetensors"
    shutil.copy(undisturbed.folder / "networks.safetensors", place)
    begun = params.model_copy(update={"start_from": str(place), "initial_resolution": 16, "total_kimg": 0.05})

    def train(**changes):
        before = set(runs.glob("*/"))
        caplog.clear()
        with caplog.at_level(logging.INFO):
            stage.run(
                dataset.folder,
                tmp_path / "models",
                begun.model_copy(update=changes),
                runs=runs,
                device="cpu",
            )
        return [path.name for path in set(runs.glob("*/")) - before]

    (first,) = train()
    assert f"training from the weights of {place}, at 16 px" in caplog.text
    assert "training from the start" not in caplog.text
    shutil.copy(place, tmp_path / "copy.safetensors")
    assert train(start_from=str(tmp_path / "copy.safetensors")) == [], "the same weights elsewhere"
    other = Generator(undisturbed.generator.architecture)
    networks = {"generator": other, "critic": undisturbed.critic}
    write_snapshot(place, undisturbed.average, Origin(0.8, 0.0, "p", "d", "c"), networks)
    assert len(train()) == 1
    said = f"began with {place} as it was then, and the weights there have changed: training from the weights"
    assert said in caplog.text
    assert f"give --resume {first}" in caplog.text
    assert train(resume=first, total_kimg=0.1) == [], "it keeps its start"
    assert "from 64 images on" in caplog.text
    place.unlink()
    assert train(total_kimg=0.1) == [], "the weights are needed at the start alone"
    assert f"{first} from 112 images on" in caplog.text


def test_models_that_dvc_has_deleted_are_named_with_what_brings_them_back(started, tmp_path):
    with pytest.raises(
        UserError, match=r"no snapshot at .*models.*, and no run: give .* dvc checkout models: copy"
    ):
        started(tmp_path / "models")
