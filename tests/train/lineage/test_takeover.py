"""Runs that resume others: what they take over, what they say, and what they refuse."""

import json
import logging
import shutil
from pathlib import Path

import pytest
import torch

from fashion_pggan.errors import UserError
from fashion_pggan.params import TrainParams
from fashion_pggan.storage.locks import exclusive
from generate.sampling.sampler import Sampler, snapshots_in
from train import stage
from train.lineage.about import FILE, about
from train.lineage.takeover import link
from train.processes.ranks import Ranks
from train.record.log import read_rows
from train.run import Run

ALONE = Ranks(0, 1, torch.device("cpu"))
SHORT, LONGER = 0.16, 0.32  # thousand images


@pytest.fixture(scope="module")
def finished(tmp_path_factory, dataset, params) -> Path:
    """A folder of runs with a run at its end."""
    runs = tmp_path_factory.mktemp("finished")
    _train(runs, dataset, short(params))
    return runs


@pytest.fixture
def runs(tmp_path, finished) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "runs"))


def short(params: TrainParams, **changes: object) -> TrainParams:
    update = {"total_kimg": SHORT, "snapshot_kimg": 0.08, "log_kimg": 0.08, **changes}
    return params.model_copy(update=update)


def _train(runs: Path, dataset, params: TrainParams) -> dict:
    """The stage; its report."""
    report = runs.parent / "train.json"
    stage.run(
        dataset.folder, runs.parent / f"models-{runs.name}", params, runs=runs, report=report, device="cpu"
    )
    return json.loads(report.read_text())


def _only(runs: Path) -> Path:
    (run,) = runs.iterdir()
    return run


def test_a_run_goes_on_with_other_parameters_and_says_what_changed(runs, dataset, params, caplog):
    before = _only(runs)
    with caplog.at_level(logging.INFO):
        facts = _train(
            runs,
            dataset,
            short(params, total_kimg=LONGER, microbatch={4: 4}, learning_rate_base=0.001, resume=before.name),
        )
    (after,) = set(runs.iterdir()) - {before}
    assert "from 160 images on" in caplog.text
    change = "train.learning_rate_base: 0.003 -> 0.001, train.microbatch: {} -> {4: 4}"
    assert f"at 0.16 kimg from {before.name}: {change}" in caplog.text
    assert facts["history"] == f"at 0.16 kimg from {before.name}: {change}"
    assert facts["images_shown"] == 320
    (kept,) = about(after).history
    assert kept.changes == {"learning_rate_base": (0.003, 0.001), "microbatch": ({}, {"4": 4})}
    assert [path.name for path in snapshots_in(after)][:2] == [path.name for path in snapshots_in(before)][:2]
    rows = read_rows(after / "training.csv")
    assert [row.kimg for row in rows] == [0.08, 0.16, 0.24, 0.32]
    assert [row.learning_rate for row in rows] == [0.003, 0.003, 0.001, 0.001]


def test_a_run_that_went_on_resumes_by_itself_without_the_first_one(runs, dataset, params, caplog):
    before = _only(runs)
    changed = short(params, total_kimg=LONGER, microbatch={4: 4}, resume=before.name)
    _train(runs, dataset, changed)
    shutil.rmtree(before)
    with caplog.at_level(logging.INFO):
        facts = _train(runs, dataset, changed.model_copy(update={"total_kimg": 0.4}))
    assert "from 320 images on" in caplog.text
    assert facts["history"].count(" from ") == 1


def test_a_run_that_goes_on_with_the_same_numbers_is_bit_for_bit_the_longer_run(
    runs, dataset, params, tmp_path
):
    """What the adaptive schedule asks for changes no number of the fixed one."""
    before = _only(runs)
    whole = Run(tmp_path / "whole", dataset, short(params, total_kimg=LONGER), ALONE, "commit")
    whole.go()
    _train(runs, dataset, short(params, total_kimg=LONGER, adaptive_gain=0.5, resume=before.name))
    (after,) = set(runs.iterdir()) - {before}
    ours = Sampler.load(snapshots_in(after)[-1]).generator.state_dict()
    assert all(torch.equal(ours[name], tensor) for name, tensor in whole.average.state_dict().items())


def test_the_first_line_names_the_run_that_is_left_behind(runs, dataset, params, caplog):
    name = _only(runs).name
    with caplog.at_level(logging.INFO):
        _train(runs, dataset, short(params, total_kimg=0.02, precision="bfloat16"))
    assert caplog.messages[0] == (
        f"{runs / name}, 160 images shown, differs in train.precision: float32 -> bfloat16: training from "
        f"the start; to resume it instead, give --resume {name}, or set "
        f"train.resume to {name} in params.yaml"
    )


def test_a_shorter_run_beside_the_same_longer_one_is_told_as_such(runs, dataset, params, caplog):
    before = _only(runs)
    with caplog.at_level(logging.INFO):
        _train(runs, dataset, short(params, total_kimg=0.02))
    assert caplog.messages[0].endswith(
        "is longer than train.total_kimg, so a shorter one begins: training from the start"
    )
    with pytest.raises(UserError, match=r"and train\.total_kimg 0\.03 is less: raise it"):
        _train(runs, dataset, short(params, total_kimg=0.03, resume=before.name))


def test_other_networks_are_another_run(runs, dataset, params, caplog):
    before = _only(runs)
    with caplog.at_level(logging.INFO):
        _train(runs, dataset, short(params, total_kimg=0.02, fmap_max=4))
    assert "is another run (train.fmap_max: 8 -> 4): training from the start" in caplog.text
    with pytest.raises(UserError, match=r"is another run \(train\.fmap_max: 8 -> 2\): set these back"):
        _train(runs, dataset, short(params, fmap_max=2, resume=before.name))


def test_a_run_goes_on_with_more_images(runs, dataset, params, tmp_path, make_dataset):
    before = _only(runs)
    grown = make_dataset(tmp_path / "grown", images=44)
    facts = _train(runs, grown, short(params, total_kimg=0.2, resume=before.name))
    assert "images: 40 -> 44" in facts["history"]
    assert f"dataset version: {dataset.version} -> {grown.version}" in facts["history"]


def test_a_run_of_another_clone_goes_on_here_and_stays_as_it_is_there(
    runs, dataset, params, tmp_path, caplog
):
    before = _only(runs)
    held = {path: path.read_bytes() for path in before.rglob("*") if path.is_file()}
    here = tmp_path / "here"
    with caplog.at_level(logging.INFO):
        _train(here, dataset, short(params, total_kimg=LONGER, resume=str(before)))
    assert _only(here).name == before.name, "nothing changed: it is the same run"
    assert "from 160 images on" in caplog.text
    assert {path: path.read_bytes() for path in before.rglob("*") if path.is_file()} == held


def test_a_run_that_is_named_and_is_the_same_one_resumes_in_its_folder(runs, dataset, params):
    before = _only(runs)
    facts = _train(runs, dataset, short(params, total_kimg=LONGER, resume=before.name))
    assert _only(runs) == before
    assert facts["history"] == ""


def test_what_cannot_be_gone_on_from_is_refused(runs, dataset, params):
    before = _only(runs)
    with pytest.raises(UserError, match=r"train\.resume nowhere is not a run with a checkpoint"):
        _train(runs, dataset, short(params, resume="nowhere"))
    with exclusive(before), pytest.raises(UserError, match=r"is being trained by process .*: stop it first"):
        _train(runs, dataset, short(params, seed=9, total_kimg=LONGER, resume=before.name))


def test_a_run_that_is_missing_is_refused_with_the_one_that_resumed_it(runs, dataset, params):
    """As in another clone, which has the later run alone."""
    first = _only(runs)
    _train(runs, dataset, short(params, total_kimg=LONGER, seed=9, resume=first.name))
    (after,) = set(runs.iterdir()) - {first}
    shutil.rmtree(first)
    message = rf"; {after.name} is at 320 images \(differs in train\.seed: 9 -> 8\): to resume it, set"
    with pytest.raises(UserError, match=message):
        _train(runs, dataset, short(params, total_kimg=LONGER, seed=8, resume=first.name))


def test_a_finished_run_that_is_resumed_without_more_images_gives_its_models_again(
    runs, dataset, params, caplog
):
    """As after a changed parameter under `dvc repro`, which has deleted the models."""
    before = _only(runs)
    models = runs.parent / "models-runs"
    facts = _train(runs, dataset, short(params, seed=9, resume=before.name))
    assert "its models are written again, and nothing is trained; raise train.total_kimg" in caplog.text
    assert facts["images_shown"] == 160
    assert facts["history"] == f"at 0.16 kimg from {before.name}: train.seed: 0 -> 9"
    written = {path.name: path.read_bytes() for path in snapshots_in(models)}
    assert written == {path.name: path.read_bytes() for path in snapshots_in(before)}
    shutil.rmtree(models)
    _train(runs, dataset, short(params, minibatch={4: 2, 8: 2, 16: 2}, resume=before.name))
    assert {path.name: path.read_bytes() for path in snapshots_in(models)} == written


def test_what_came_after_the_checkpoint_is_not_taken_over(runs, dataset, params):
    before = _only(runs)
    shutil.copy(before / "snapshots/000000.160.safetensors", before / "snapshots/000000.240.safetensors")
    _train(runs, dataset, short(params, total_kimg=0.2, seed=9, resume=before.name))
    (after,) = set(runs.iterdir()) - {before}
    assert "000000.240.safetensors" not in {path.name for path in snapshots_in(after)}


def test_another_machine_is_told_and_kept_and_asks_for_nothing(runs, dataset, params, caplog):
    before = _only(runs)
    threads = torch.get_num_threads()
    try:
        with caplog.at_level(logging.INFO):
            facts = _train(runs, dataset, short(params, total_kimg=0.2, threads=2))
    finally:
        torch.set_num_threads(threads)
    assert _only(runs) == before
    assert facts["threads"] == 2
    assert facts["history"] == f"at 0.16 kimg from {before.name}: train.threads: 1 -> 2"
    assert "resuming with changes" in caplog.text


def test_a_run_without_its_file_is_known_by_its_checkpoint(runs, dataset, params, caplog):
    before = _only(runs)
    (before / FILE).unlink()
    _train(runs, dataset, short(params, total_kimg=0.02, seed=9))
    assert "differs in train.seed: 0 -> 9" in caplog.text
    shutil.rmtree(next(run for run in runs.iterdir() if run != before))
    caplog.clear()
    (before / FILE).write_text('{"format": 1}')
    _train(runs, dataset, short(params, total_kimg=0.02, seed=9))
    assert "run.json cannot be read" in caplog.text
    assert "differs in train.seed: 0 -> 9" in caplog.text


def test_a_lost_snapshot_is_named_before_the_models_are_touched(runs, dataset, params):
    before = _only(runs)
    (before / "snapshots/000000.080.safetensors").unlink()
    with pytest.raises(
        UserError, match=r"has lost 000000\.080\.safetensors, which resuming does not write again"
    ):
        _train(runs, dataset, short(params))


def test_a_snapshot_of_another_run_is_refused(runs, dataset, params, tmp_path):
    before = _only(runs)
    _train(tmp_path / "others", dataset, short(params, seed=9))
    shutil.copy(
        _only(tmp_path / "others") / "snapshots/000000.080.safetensors",
        before / "snapshots/000000.080.safetensors",
    )
    with pytest.raises(UserError, match=r"000000\.080\.safetensors is of another run"):
        _train(runs, dataset, short(params))


def test_a_link_replaces_what_a_kill_left_and_a_copy_takes_its_place_where_there_are_none(
    tmp_path, monkeypatch
):
    (tmp_path / "a").write_text("whole")
    (tmp_path / "b").write_text("ha")
    link(tmp_path / "a", tmp_path / "b")
    link(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").samefile(tmp_path / "a")

    def refuse(self, target):
        raise OSError("no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    link(tmp_path / "a", tmp_path / "c/d")
    assert (tmp_path / "c/d").read_text() == "whole"
    assert [path.name for path in (tmp_path / "c").iterdir()] == ["d"]


def test_a_run_that_has_resumed_the_named_one_before_is_named_when_it_is_farther(
    runs, dataset, params, caplog
):
    before = _only(runs)
    _train(runs, dataset, short(params, total_kimg=LONGER, microbatch={4: 4}, resume=before.name))
    (farther,) = set(runs.iterdir()) - {before}
    assert "resumed" not in caplog.text
    _train(runs, dataset, short(params, total_kimg=0.2, microbatch={4: 2}, resume=before.name))
    assert f"{farther} resumed {before} before and has shown 320 images: going back to 160" in caplog.text
    assert f"set train.resume to {farther.name}" in caplog.text
