"""A run that DVC carries: another clone resumes it, and DVC's cache stays as it is."""

import hashlib
import json
import logging
import shutil
from pathlib import Path

import pytest
import yaml

from fashion_pggan.errors import UserError
from fashion_pggan.storage.proof.folder_mark import MARK
from fashion_pggan.verify.stage_outputs import object_of
from train import stage
from train.damaged.damaged_runs import faults
from train.saved.checkpoint import checkpoints_in
from train.travel import carried

CARRIED, MODELS = Path("data/run"), Path("models")


@pytest.fixture
def clone(tmp_path, monkeypatch, dataset, short) -> Path:
    """The working folder: a clone with its outputs and no runs, as after `dvc pull`."""
    monkeypatch.chdir(tmp_path)
    train(dataset, short)
    shutil.rmtree("runs")
    return tmp_path


def train(dataset, params) -> None:
    stage.run(dataset.folder, MODELS, params, runs=Path("runs"), carried=CARRIED, device="cpu")


def longer(params):
    return params.model_copy(update={"total_kimg": 0.32})


def commit(output: Path, cache: Path) -> dict[str, str]:
    """Move an output into DVC's cache, as `dvc repro` does before it runs the stage again."""
    entries = []
    for path in sorted(path for path in output.rglob("*") if path.is_file()):
        md5 = put(path.read_bytes(), cache)
        entries.append({"md5": md5, "relpath": path.relative_to(output).as_posix()})
    shutil.rmtree(output)
    md5 = put(json.dumps(entries, sort_keys=True).encode(), cache, ".dir")
    return {"path": output.as_posix(), "md5": md5}


def put(data: bytes, cache: Path, ending: str = "") -> str:
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest() + ending
    path = object_of(md5, cache)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o444)
    return md5


@pytest.fixture
def cache(clone) -> Path:
    """DVC's cache of the clone, whose outputs have been deleted."""
    outs = [commit(output, clone / ".dvc/cache") for output in (CARRIED, MODELS)]
    (clone / "dvc.lock").write_text(yaml.safe_dump({"stages": {"train": {"outs": outs}}}))
    (clone / ".dvc/config").touch()
    return clone / ".dvc/cache"


def test_the_output_holds_the_last_checkpoint_and_the_logs(clone):
    names = {path.relative_to(CARRIED).as_posix().partition("/")[0] for path in CARRIED.rglob("*")}
    logs = {"run.json", "status.json", "tensorboard", "training.csv"}
    assert names == {MARK, "checkpoint-000000000160.pt", *logs}
    assert {path: fault for path, fault in faults(CARRIED) if fault} == {}
    (CARRIED / "run.json").unlink()
    assert [path.name for path, fault in faults(CARRIED) if fault] == ["run.json"]


def test_a_clone_without_runs_resumes_from_its_outputs(clone, dataset, short, caplog):
    with caplog.at_level(logging.INFO):
        train(dataset, longer(short))
    assert "comes from data/run and models, which DVC carries" in caplog.text
    assert "from 160 images on" in caplog.text
    assert sorted(path.name for path in (MODELS / "snapshots").iterdir()) == [
        f"000000.{shown:03}.safetensors" for shown in (0, 80, 160, 240, 320)
    ]


def test_outputs_that_dvc_has_deleted_come_from_its_cache_as_copies(cache, dataset, short, caplog):
    before = {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()}
    with caplog.at_level(logging.INFO):
        train(dataset, longer(short))
    assert "from 160 images on" in caplog.text
    assert {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()} == before
    assert all(path.stat().st_nlink == 1 for path in before)


def test_a_run_that_train_resume_names_comes_too(cache, finished, dataset, short, caplog):
    (run,) = (finished / "runs").iterdir()
    changed = longer(short).model_copy(update={"microbatch": {4: 4}, "resume": run.name})
    with caplog.at_level(logging.INFO):
        train(dataset, changed)
    assert "from 160 images on" in caplog.text
    assert (Path("runs") / run.name / "checkpoint-000000000160.pt").is_file()


def test_another_run_does_not_come_but_is_named(cache, finished, dataset, short, caplog):
    (run,) = (finished / "runs").iterdir()
    with caplog.at_level(logging.INFO):
        train(dataset, short.model_copy(update={"microbatch": {4: 4}, "total_kimg": 0.02}))
    assert "from 0 images on" in caplog.text
    assert f"give --resume {run.name}, or set train.resume" in caplog.text
    assert len(list(Path("runs").iterdir())) == 1


def test_the_carried_run_is_named_where_the_one_to_resume_is_missing(cache, finished, dataset, short):
    (run,) = (finished / "runs").iterdir()
    with pytest.raises(UserError, match=rf"; {run.name} is at 160 images \(differs in train\.seed: "):
        train(dataset, short.model_copy(update={"seed": 9, "resume": "nowhere"}))


@pytest.mark.parametrize("harm", ["cut", "missing", "no list"])
def test_what_the_cache_lacks_is_said_with_what_brings_it(cache, dataset, short, caplog, harm):
    lock = yaml.safe_load((cache.parents[1] / "dvc.lock").read_text())
    listing = object_of(lock["stages"]["train"]["outs"][0]["md5"], cache)
    if harm == "no list":
        listing.unlink()
        (cache.parent / "config").write_text("['remote \"store\"']\n    url = elsewhere\n")
    else:
        (md5,) = [each["md5"] for each in json.loads(listing.read_text()) if each["relpath"].endswith(".pt")]
        object_of(md5, cache).unlink()
        if harm == "cut":
            object_of(md5, cache).write_bytes(b"cut")
    says = "run dvc pull data/run models to resume it, or set train.afresh to true to train without it"
    with pytest.raises(UserError, match=rf"the run behind models cannot be taken from DVC .*: {says}"):
        train(dataset, longer(short))
    assert not list(Path("runs").glob("*/checkpoint-*"))
    train(dataset, short.model_copy(update={"afresh": True, "total_kimg": 0.02}))
    assert "): training without it" in caplog.text
    (run,) = Path("runs").iterdir()
    assert checkpoints_in(run)
    train(dataset, short.model_copy(update={"total_kimg": 0.02}))  # what is here resumes


def test_a_run_to_resume_that_is_here_needs_nothing_of_what_the_cache_lacks(cache, finished, dataset, short):
    """As after `runs import` in a clone that pulled the dataset alone."""
    (run,) = Path(shutil.copytree(finished / "runs", "runs")).iterdir()
    shutil.rmtree(cache)
    (cache.parent / "config").write_text("['remote \"store\"']\n    url = elsewhere\n")
    train(dataset, longer(short).model_copy(update={"microbatch": {4: 4}, "resume": run.name}))
    (after,) = set(Path("runs").iterdir()) - {run}
    assert checkpoints_in(after)[-1].name == "checkpoint-000000000320.pt"


def test_a_worktree_whose_cache_is_empty_trains_where_nothing_can_be_pulled(cache, dataset, short, caplog):
    shutil.rmtree(cache)
    train(dataset, short.model_copy(update={"total_kimg": 0.02}))
    assert "(the cache lacks data/run): training without it" in caplog.text


def test_a_carried_run_that_is_farther_than_the_one_here_is_taken(clone, dataset, short, caplog):
    """As after `git pull` and `dvc pull`, when someone else has trained the run on."""
    train(dataset, longer(short))
    (run,) = Path("runs").iterdir()
    shutil.rmtree(run)
    behind = short.model_copy(update={"total_kimg": 0.08})
    stage.run(dataset.folder, Path("others"), behind, runs=Path("runs"), device="cpu")
    assert [path.name for path in checkpoints_in(run)] == ["checkpoint-000000000080.pt"]
    caplog.clear()
    with caplog.at_level(logging.INFO):
        train(dataset, longer(short))
    assert "comes from data/run and models, which DVC carries" in caplog.text
    assert "from 320 images on" in caplog.text
    assert len(list((MODELS / "snapshots").iterdir())) == 5


def test_a_start_that_takes_nothing_from_dvc_names_a_carried_run_that_is_farther(
    clone, dataset, short, caplog
):
    behind = short.model_copy(update={"total_kimg": 0.32})
    stage.run(dataset.folder, Path("others"), behind, runs=Path("runs"), device="cpu")
    (run,) = Path("runs").iterdir()
    said = f"data/run has run {run.name} at 160 images, and runs at 0: to resume there, stop, and give"
    assert f"{said} --carried data/run" in caplog.text
    caplog.clear()
    stage.run(dataset.folder, Path("others"), behind, runs=Path("runs"), device="cpu")
    assert "--carried" not in caplog.text


def test_a_run_that_is_here_stays_as_it_is(cache, dataset, short, caplog):
    train(dataset, longer(short))
    with caplog.at_level(logging.INFO):
        train(dataset, longer(short))
    assert "from 320 images on" in caplog.text
    assert caplog.text.count("which DVC carries") == 0


@pytest.mark.parametrize(
    "name", ["snapshots/../../out.safetensors", "grids/../../../out.png", "grids/a/b.png"]
)
def test_a_list_in_dvcs_cache_names_files_of_the_run_alone(tmp_path, monkeypatch, name):
    there = {name: tmp_path, "grids/000000.080.png": tmp_path}
    monkeypatch.setattr(carried, "_files_in", lambda output: there)
    assert dict(carried._files_of(CARRIED, MODELS)) == {"grids/000000.080.png": tmp_path}
