"""What runs wrote comes to a tracker once."""

import json
import logging
import math
from pathlib import Path

import pytest

from fashion_pggan.errors import PassingError, UserError
from fashion_pggan.storage.hashes import hashed_json
from fashion_pggan.storage.locks import exclusive
from train.lineage.about import About, write_about
from train.record.log import Row, write_rows
from train.record.status_file import Status, write_status
from train.tracking import mirror as mirrored
from train.tracking.mirror import Mirror
from train.tracking.tracker import Named, opener

NAME = "0123456789abcdef"


class Kept:
    """A tracker that keeps what it is sent."""

    runs: dict[str, dict]

    def __init__(self, runs: dict, named: Named) -> None:
        self.place = "memory"
        self.has = runs.setdefault(named.run, {"entries": [], "named": named, "states": []})

    def sent(self, series):
        return max((shown for name, shown, _ in self.has["entries"] if name == series), default=-1)

    def scalars(self, series, images_shown, values):
        assert all(map(math.isfinite, values.values()))
        self.has["entries"].append((series, images_shown, values))

    def image(self, series, images_shown, path):
        self.has["entries"].append((series, images_shown, path.name))

    def close(self, state):
        self.has["states"].append(state)


def row(kimg: float, **more: float) -> Row:
    values = dict.fromkeys(Row.__dataclass_fields__, 1.0) | {"kimg": kimg, "alarms": ""} | more
    return Row(**values)


def stand(run: Path, images_shown: int) -> None:
    write_status(
        run, Status(images_shown, 0.2, 0.0, 16, 16, None, None, [], 0, [], 1.0, "cpu", 1, "d", "c", 1.0)
    )
    write_rows(
        run / "training.csv", [row(kimg / 1000) for kimg in range(100, images_shown + 1, 100)], checks=True
    )
    (run / "grids").mkdir(exist_ok=True)
    (run / f"grids/{images_shown / 1000:010.3f}.png").touch()


@pytest.fixture
def run(tmp_path) -> Path:
    folder = tmp_path / "runs" / NAME
    stand(folder, 100)
    identity = {"seed": 3, "processes": 1}
    write_about(folder, About(identity=identity, facts={"threads": 2}, git_commit="c", history=[]))
    return folder


@pytest.fixture
def sent(run, tmp_path):
    """Sends what the run wrote; returns the tracker's memory."""
    memory: dict[str, dict] = {}

    def send(opened=Kept) -> dict:
        Mirror([run], lambda named: opened(memory, named), "shirts", tmp_path / "reports").send()
        return memory[NAME]

    return send


def test_a_run_is_sent_once_and_what_is_new_later(run, sent):
    has = sent()
    assert has["named"].parameters == {"seed": 3, "processes": 1}
    assert has["named"].facts == {"git_commit": "c", "threads": "2", "history": "[]"}
    assert has["named"].title.endswith("(01234567)")
    assert [entry[:2] for entry in has["entries"]] == [("rows", 100), ("samples", 100)]
    assert has["entries"][0][2]["loss/critic"] == 1.0
    assert has["states"] == ["stopped"]
    sent()
    assert len(has["entries"]) == 2
    stand(run, 200)
    sent()
    assert [entry[:2] for entry in has["entries"][2:]] == [("rows", 200), ("samples", 200)]
    assert has["states"] == ["stopped", "stopped", "finished"]


@pytest.mark.parametrize(
    ("run_named", "dataset", "kimg", "count"),
    [(NAME, "d", "0.1", 1), ("another", "d", "0.1", 0), (NAME, "other", "0.1", 0), (NAME, "d", "0.3", 0)],
)
def test_distances_are_sent_where_the_reports_are_of_the_run(sent, tmp_path, run_named, dataset, kimg, count):
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "swd.csv").write_text(f"kimg,images,SWDx1e3_avg\n{kimg},9,40.5\n")
    (reports / "train.json").write_text(json.dumps({"params_hash": run_named, "dataset_version": "d"}))
    (reports / "evaluation.json").write_text(json.dumps({"dataset": dataset}))
    found = [entry for entry in sent()["entries"] if entry[0] == "distances"]
    assert found == [("distances", 100, {"distance/SWDx1e3_avg": 40.5})][:count]


def test_a_value_that_is_no_number_is_left_out(run, sent):
    write_rows(run / "training.csv", [row(0.1, score_gap=math.nan, critic_loss=math.inf)], checks=True)
    values = sent()["entries"][0][2]
    assert {"score/gap", "loss/critic"}.isdisjoint(values)
    assert "loss/generator" in values


def test_a_tracker_that_takes_nothing_is_an_error_that_may_pass(run, sent):
    class Away(Kept):
        def image(self, *_):
            raise ConnectionError("no route")

    with pytest.raises(
        PassingError, match=rf"{run} could not be sent \(no route\): look at the tracker's address"
    ):
        sent(Away)
    assert [entry[0] for entry in sent()["entries"]] == ["rows", "samples"]


def test_following_goes_on_past_an_error_and_ends_with_the_training(run, tmp_path, monkeypatch, caplog):
    memory: dict[str, dict] = {}
    opened, waits = [], []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            stand(run, 200)
            held.__exit__(None, None, None)

    def opens(named: Named) -> Kept:
        opened.append(named)
        if len(opened) == 1:
            raise ConnectionError("no route")
        return Kept(memory, named)

    monkeypatch.setattr(mirrored.time, "sleep", wait)
    held = exclusive(run)
    held.__enter__()
    with caplog.at_level(logging.INFO):
        Mirror([run], opens, "shirts", tmp_path).follow()
    assert len(opened) == 2  # and then stays open
    assert memory[NAME]["states"] == ["finished"]
    assert [entry[1] for entry in memory[NAME]["entries"]] == [100, 100, 200, 200]
    assert "could not be sent (no route)" in caplog.text
    assert f"{run} (finished): 2 new entries, at memory" in caplog.text


def test_a_run_that_still_trains_is_closed_as_training(run, sent):
    with exclusive(run):
        assert sent()["states"] == ["training"]


def test_a_run_that_says_nothing_of_itself_is_an_error(run, sent):
    (run / "run.json").write_text(hashed_json({}))
    with pytest.raises(UserError, match=r"has no run.json: give the folder of a run"):
        sent()


@pytest.mark.parametrize("kind", ["mlflow", "wandb"])
def test_a_client_that_is_not_installed_is_named(kind, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, kind, None)
    for module in ("weights_and_biases", "mlflow_client"):
        monkeypatch.delitem(__import__("sys").modules, f"train.tracking.{module}", raising=False)
    with pytest.raises(UserError, match=rf"the client of {kind} cannot be imported .*: install it \(docs"):
        opener(kind)
