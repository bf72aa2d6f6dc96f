"""The command `fashion-pggan generate`."""

import json
from pathlib import Path

import pytest

from fashion_pggan.command.line import call
from fashion_pggan.errors import UserError
from generate.sampling.sampler import snapshots_in
from tests.generate.small import rows_of

REPOSITORY = Path(__file__).parents[2]


def test_the_command_takes_a_snapshot_a_count_and_a_seed(models, tmp_path, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    call("generate", str(snapshots_in(models)[0]), str(tmp_path / "out"), "--count", "3", "--seed", "9")
    rows = [json.loads(line) for line in (tmp_path / "out/metadata.jsonl").read_text().splitlines()]
    assert [(row["seed"], row["kimg"]) for row in rows] == [(9, 3.0)] * 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.safetensors", "out"], "no snapshot at nowhere.safetensors"),
        (["{empty}", "out"], "no snapshots in"),
        (["{empty}", "out", "--count", "0"], "--count"),
        (["{empty}", "out", "--truncation", "nan"], "--truncation nan"),
        (["{empty}", "out", "--seed", str(2**53)], "--seed 9007199254740992"),
        (["{empty}", "out", "--first", str(2**53 - 1), "--count", "2"], "the last latent"),
        (["{models}", "grid.jpg", "--grid", "2x2"], r"grid\.jpg: give a name that ends in .png"),
        (["{models}", "way.mp4", "--interpolate", "-3", "9"], "--interpolate -3 9: give two latent indices"),
        (["{models}", "way.mp4", "--interpolate", "3", "9", "--frames", "1"], "--frames 1: give 2 to"),
        (["{empty}", "out", "--form", "zip"], "--form zip"),
        (["{empty}"], "OUT is missing: give a snapshot"),
        (["{empty}", "out.png", "--recipe", "nowhere.json"], "no recipe at nowhere.json"),
        (["{empty}", "out", "--device", "cuda:99"], "--device cuda:99: this machine has"),
    ],
)
def test_bad_input_is_one_clear_line(models, tmp_path, arguments, says, monkeypatch):
    given = [part.format(empty=tmp_path, models=models) for part in arguments]
    monkeypatch.chdir(REPOSITORY)
    with pytest.raises(UserError, match=says) as raised:
        call("generate", *given)
    assert len(str(raised.value).splitlines()) == 1


def test_outside_the_repository_the_shipped_preset_is_used(models, tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    with caplog.at_level("INFO"):
        call("generate", str(models), "out", "--count", "3")
    assert "taking section generate from the preset paper" in caplog.text
    assert len(rows_of(tmp_path / "out")) == 3
    with pytest.raises(UserError, match=r"no parameters at absent\.yaml"):
        call("generate", str(models), "out", "--params", "absent.yaml")
