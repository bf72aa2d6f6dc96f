"""What a run takes on the disk, by its networks' shapes, before it starts."""

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params
from train import stage
from train.limits.disk import check_disk, sizes_of, snapshots_up_to
from train.model.networks import Architecture
from train.processes.ranks import Ranks
from train.step.trainer import Trainer
from train.travel.run_files import sizes_of as sizes_on_disk

REPOSITORY = Path(__file__).parents[3]


def trainer_of(params, resolution: int, device: str = "cpu") -> Trainer:
    with torch.device(device):
        shape = (resolution, params.latent_size, params.fmap_base, params.fmap_max, params.stddev_group)
        return Trainer(Architecture(*shape), params, Ranks(0, 1, torch.device(device)))


def test_the_sizes_at_the_papers_resolution_are_those_that_were_measured():
    """462 MB and 92 MB, from files of a run at 512 px."""
    params = load_params(REPOSITORY / "presets/paper.yaml").train
    sizes = sizes_of(trainer_of(params, 512, "meta"), params, 512)
    assert (round(sizes.checkpoint / 1e6), round(sizes.snapshot / 1e6)) == (462, 92)
    assert snapshots_up_to(params.total_kimg * 1000, params) == 46


def test_a_finished_run_takes_about_what_was_said(tmp_path, dataset, params, caplog):
    short = params.model_copy(update={"total_kimg": 0.16, "snapshot_kimg": 0.08, "keep_snapshots": 2})
    with caplog.at_level(logging.INFO):
        stage.run(dataset.folder, tmp_path / "models", short, runs=tmp_path / "runs", device="cpu")
    (run,) = (tmp_path / "runs").iterdir()
    sizes, taken = sizes_of(trainer_of(short, 16), short, 16), sizes_on_disk(run)
    assert f"{run} takes about " in caplog.text
    assert "(3 checkpoints of " in caplog.text
    assert "2 snapshots of " in caplog.text
    assert sizes.checkpoint < taken["checkpoints"] < sizes.checkpoint + 30_000
    said = 3 * sizes.snapshot + sizes.networks
    assert said < taken["snapshots"] < said + 20_000
    kept = ["000000.080.safetensors", "000000.160.safetensors"]
    assert sorted(path.name for path in (tmp_path / "models/snapshots").iterdir()) == kept
    assert sorted(path.stem for path in (run / "grids").iterdir()) == ["000000.080", "000000.160"]
    longer = short.model_copy(update={"total_kimg": 0.32, "keep_snapshots": 0})
    stage.run(dataset.folder, tmp_path / "models", longer, runs=tmp_path / "runs", device="cpu")
    assert len(list((tmp_path / "models/snapshots").iterdir())) == 4


def test_a_disk_without_room_is_refused_before_the_first_step(tmp_path, params, monkeypatch):
    trainer = trainer_of(params, 16)
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=100_000))
    with pytest.raises(
        UserError, match=r"run needs .* in .*, but 100\.0 KB are free: free some space, or raise"
    ):
        check_disk(tmp_path / "run", trainer, params, 16, 0)


def test_dvcs_copies_are_said_under_dvc(tmp_path, params, monkeypatch, caplog):
    monkeypatch.setenv("DVC_STAGE", "train")
    with caplog.at_level(logging.INFO):
        check_disk(tmp_path / "run", trainer_of(params, 16), params, 16, 0)
    assert "; DVC adds up to " in caplog.text


def test_more_networks_need_more_and_a_limit_needs_less(params):
    few = params.model_copy(update={"keep_snapshots": 2})
    assert sizes_of(trainer_of(few, 16), few, 16) == sizes_of(trainer_of(params, 16), params, 16)
    larger = params.model_copy(update={"fmap_max": 16})
    assert (
        sizes_of(trainer_of(larger, 16), larger, 16).snapshot
        > sizes_of(trainer_of(few, 16), few, 16).snapshot
    )
