"""Near copies and low scores are left out."""

import json

import pytest

from fashion_pggan.errors import UserError
from generate import stage
from generate.checks import selection
from tests.generate.small import PARAMS, files_of, rows_of, with_


def run(trained, target, **changes):
    given = {"data": trained / "data", "runs": trained / "runs"}
    stage.run(trained / "models", target, with_(**changes), report=target.with_suffix(".json"), **given)
    return rows_of(target), json.loads(target.with_suffix(".json").read_text())


def test_each_row_says_which_training_image_is_nearest(trained, tmp_path):
    rows, facts = run(trained, tmp_path / "out")
    copies = {row["latent_index"]: row for row in rows if row["nearest_distance"] == 0}
    assert {index: row["nearest_index"] for index, row in copies.items()} == {2: 0, 5: 1, 6: 2}
    assert copies[5]["nearest_mirrored"]
    assert not copies[2]["nearest_mirrored"]
    assert facts["nearest_closest"] == 0 < facts["real_closest"]


def test_near_copies_are_left_out_and_counted(trained, tmp_path):
    rows, facts = run(trained, tmp_path / "out", reject_copies=0.01)
    assert len(rows) == 10
    assert not {2, 5, 6} & {row["latent_index"] for row in rows}
    assert facts["rejected_copies"] == facts["last"] + 1 - 10 >= 3
    assert min(row["nearest_distance"] for row in rows) > facts["copy_threshold"]
    assert min(row["nearest_bits"] for row in rows) > facts["copy_bits"] == 32
    assert f"| {facts['rejected_copies']}, within" in (tmp_path / "out/README.md").read_text()


@pytest.fixture
def few_scores(monkeypatch):
    monkeypatch.setattr(selection, "SCORED", 64)


def test_low_scores_are_left_out_and_counted(trained, tmp_path, few_scores):
    every, _ = run(trained, tmp_path / "all")
    assert all(row["critic_score"] is None for row in every)
    rows, facts = run(trained, tmp_path / "out", reject_scores=0.5, count=32)
    assert min(row["critic_score"] for row in rows) >= facts["score_threshold"]
    assert facts["rejected_scores"] == facts["last"] + 1 - 32
    assert facts["last"] <= 63  # half of the first 64 pass, by the threshold's making


def test_what_is_left_out_does_not_depend_on_the_minibatch(trained, tmp_path, few_scores):
    wanted = {"reject_scores": 0.3, "reject_copies": 0.01}
    run(trained, tmp_path / "a", **wanted)
    run(trained, tmp_path / "b", **wanted, minibatch=1)
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")


def test_what_a_check_lacks_is_named(trained, models, tmp_path):
    with pytest.raises(UserError, match="reject_copies needs the training dataset: give --data"):
        stage.run(models, tmp_path / "out", with_(reject_copies=0.01))
    with pytest.raises(UserError, match=r"no critic of run params in .*: give --runs"):
        stage.run(models, tmp_path / "out", with_(reject_scores=0.1), runs=tmp_path)
    with pytest.raises(UserError, match="was trained on dataset: give that dataset"):
        stage.run(models, tmp_path / "out", PARAMS, data=trained / "data")
    assert not (tmp_path / "out").exists()
