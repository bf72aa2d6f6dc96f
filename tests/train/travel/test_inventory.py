"""What there is of runs."""

import shutil

import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.storage.locks import exclusive
from train.travel.inventory import inventory, table


def test_a_run_says_its_state_its_size_and_what_uses_it(run, runs, finished, tmp_path, write_params, short):
    write_params(tmp_path / "params.yaml", short.model_copy(update={"resume": run.name}))
    (facts,) = inventory(runs, finished / "models", tmp_path / "params.yaml")
    assert (facts["run"], facts["state"], facts["kimg"]) == (run.name, "finished", 0.16)
    assert facts["used_by"] == ["models", "train.resume"]
    write_params(tmp_path / "params.yaml", short.model_copy(update={"start_from": f"runs/train/{run.name}"}))
    (facts,) = inventory(runs, finished / "models", tmp_path / "params.yaml")
    assert facts["used_by"] == ["models", "train.start_from"]
    assert facts["bytes"] == sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
    assert facts["bytes_by_kind"]["checkpoints"] == (run / "checkpoint-000000000160.pt").stat().st_size
    with exclusive(run):
        (facts,) = inventory(runs, tmp_path / "nowhere", tmp_path / "nowhere.yaml")
    assert facts["state"] == "training"
    assert facts["used_by"][0].startswith("process ")


def test_a_run_with_a_damaged_status_is_listed(run, runs, tmp_path):
    (run / "status.json").write_text("{")
    found = inventory(runs, tmp_path / "models", tmp_path / "params.yaml")
    assert [(facts["state"], facts["kimg"], facts["used_by"]) for facts in found] == [
        ("unreadable", 0.16, [])
    ]
    assert f"{run.name}  unreadable  0.16  " in table(found)


def test_hidden_folders_and_what_is_no_run_are_left_out(run, runs, tmp_path):
    shutil.copytree(run, runs / ".0123.building")
    (runs / "notes").mkdir()
    assert [facts["run"] for facts in inventory(runs, tmp_path, tmp_path / "none")] == [run.name]
    with pytest.raises(UserError, match=r"no runs in .*nowhere: train first"):
        inventory(tmp_path / "nowhere", tmp_path, tmp_path / "none")


def test_a_name_and_a_state_stay_on_the_line_of_their_run(run, runs, tmp_path):
    run.rename(runs / "a\nb  finished\x1b[2J")
    (row,) = table(inventory(runs, tmp_path, tmp_path / "none")).splitlines()[1:]
    assert row.startswith(r"a\nb  finished\x1b[2J  finished  ")
