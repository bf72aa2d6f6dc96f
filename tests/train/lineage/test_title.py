"""Runs are named for people."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from torch.utils.tensorboard import SummaryWriter

from train.lineage.about import About, write_about
from train.lineage.identity import trained_with
from train.lineage.title import presets_here, title_of


@pytest.fixture
def presets(preset):
    return {"photos": trained_with(preset), "other": trained_with(preset.model_copy(update={"fmap_max": 3}))}


@pytest.fixture
def run(tmp_path) -> Path:
    return tmp_path / "0123456789abcdef"


def begin(run: Path, params, **more: object) -> None:
    """The files that a start writes."""
    identity = {**trained_with(params), "dataset_version": "d", "processes": 1, "program": "p", **more}
    facts, start = {"resolution": 64}, {"start_from": "models"} if "start_from" in more else {}
    write_about(run, About(identity=identity, facts=facts, git_commit="", history=[], **start))
    SummaryWriter(str(run / "tensorboard")).close()


def test_a_title_says_when_with_which_preset_and_which_run(run, preset, presets):
    earliest = datetime.now().astimezone().replace(second=0, microsecond=0)
    begin(run, preset)
    title = title_of(run, presets)
    when, said = re.fullmatch(r"(\S+ \S+) (photos \(01234567\))", title).groups()
    assert said
    assert earliest <= datetime.strptime(when, "%Y-%m-%d %H:%M").astimezone() <= datetime.now().astimezone()


def test_a_run_that_goes_on_keeps_its_title(run, preset, presets):
    begin(run, preset)
    title = title_of(run, presets)
    (first,) = run.glob("tensorboard/*")
    first.rename(first.with_name("events.out.tfevents.0000000000.earlier"))
    later = SummaryWriter(str(run / "tensorboard"))
    later.add_scalar("loss", 1.0, 1)
    later.close()
    assert title_of(run, presets) == title


@pytest.mark.parametrize(
    ("changed", "more", "words"),
    [
        ({"seed": 7}, {}, "photos seed=7"),
        ({"total_kimg": 1.0, "log_kimg": 3.0}, {}, "photos"),
        ({"seed": 7, "fmap_max": 3}, {"processes": 4}, "other seed=7 processes=4"),
        ({}, {"start_from": "0123", "resume": "89ab"}, "photos start_from=models"),
        ({"seed": 7, "fmap_max": 5, "fmap_base": 9, "latent_size": 3}, {}, "own parameters, 64 px"),
    ],
)
def test_a_title_says_what_a_run_has_otherwise(run, preset, presets, changed, more, words):
    begin(run, preset.model_copy(update=changed), **more)
    assert title_of(run, presets).split(" ", 2)[2] == f"{words} (01234567)"


def test_a_run_whose_files_are_damaged_has_its_name(run, preset, presets):
    begin(run, preset)
    (run / "run.json").write_text("{")
    for file in run.glob("tensorboard/*"):
        file.write_bytes(b"short")
    assert title_of(run, presets) == "(01234567)"


def test_the_presets_are_those_that_the_program_brings_along(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert {"demo", "paper", "paper-8gpu", "photos"} <= presets_here().keys()
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets/half.yaml").write_text("train: {seed: 1}")
    assert presets_here() == {}
