"""A run keeps the precision of its first start."""

import logging

import pytest
import torch

from train.lineage.about import about
from train.machine import choices
from train.machine.choices import HALF, PLAIN, faster, pass_seconds, precision_of
from train.model.networks import Architecture
from train.processes.ranks import Ranks
from train.run import Run

ALONE = Ranks(0, 1, torch.device("cpu"))
SMALL = Architecture(8, 8, 64, 8)


@pytest.mark.parametrize(
    ("plain", "half", "chosen"), [(1.0, 0.5, HALF), (1.0, 0.95, PLAIN), (1.0, 3.0, PLAIN)]
)
def test_half_precision_must_be_clearly_faster(monkeypatch, caplog, plain, half, chosen):
    monkeypatch.setattr(choices, "pass_seconds", lambda *of: {PLAIN: plain, HALF: half})
    with caplog.at_level(logging.INFO):
        assert faster(SMALL, ALONE.device) == chosen
    assert f"train.precision auto: {chosen} (a pass takes {plain:g} s in float32" in caplog.text


def test_a_pass_is_timed_in_both():
    seconds = pass_seconds(SMALL, ALONE.device)
    assert 0 < seconds[PLAIN] < 60
    assert 0 < seconds[HALF] < 60


def test_what_is_named_is_taken_without_a_measurement(params, monkeypatch):
    monkeypatch.setattr(choices, "pass_seconds", lambda *of: pytest.fail("measured"))
    for precision in ("float32", "tf32", "bfloat16"):
        named = params.model_copy(update={"precision": precision})
        assert precision_of(named, SMALL, ALONE, {"chosen_precision": "bfloat16"}) == precision


def test_a_run_keeps_the_precision_that_it_chose(tmp_path, dataset, params, monkeypatch):
    asked = short(params, precision="auto")
    monkeypatch.setattr(choices, "pass_seconds", lambda *of: {PLAIN: 1.0, HALF: 0.5})
    first = Run(tmp_path / "run", dataset, asked, ALONE, "commit")
    first.go()
    assert (first.precision, first.trainer.params.precision) == (HALF, HALF)
    monkeypatch.setattr(choices, "pass_seconds", lambda *of: pytest.fail("measured"))
    held = about(tmp_path / "run")
    assert held
    assert held.identity["precision"] == "auto"
    assert held.facts["chosen_precision"] == HALF
    resumed = Run(tmp_path / "run", dataset, short(asked, total_kimg=0.1), ALONE, "commit")
    assert (resumed.precision, resumed.about.history) == (HALF, [])


def short(params, **changed):
    return params.model_copy(update={"total_kimg": 0.05} | changed)
