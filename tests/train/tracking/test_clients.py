"""MLflow and Weights & Biases, with their own local stores where they are installed, and without."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from train.tracking.tracker import Named, opener

NAMED = Named("shirts", "0123456789abcdef", "demo (01234567)", {"seed": 3}, {"git_commit": "c"})


@pytest.fixture
def image(tmp_path, monkeypatch) -> Path:
    """An image; the current folder is a test's own."""
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (4, 4)).save(tmp_path / "000000.100.png")
    return tmp_path / "000000.100.png"


def send(tracker, image: Path, images_shown: int) -> None:
    """What is new of a run, as the mirror does."""
    tracker.scalars("rows", images_shown, {"loss/critic": images_shown / 4})
    tracker.image("samples", images_shown, image)


@pytest.mark.filterwarnings("default")  # the client's
def test_a_run_at_mlflow_is_found_again(image, tmp_path, monkeypatch):
    pytest.importorskip("mlflow")
    from mlflow import MlflowClient

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    for images_shown, last, state in ((100, -1, "training"), (200, 100, "stopped"), (300, 200, "finished")):
        tracker = opener("mlflow")(NAMED)
        assert tracker.sent("rows") == tracker.sent("samples") == last
        send(tracker, image, images_shown)
        assert tracker.sent("rows") == images_shown
        tracker.close(state)
        client = MlflowClient()
        (run,) = client.search_runs([client.get_experiment_by_name("shirts").experiment_id])
        status = {"training": "RUNNING", "stopped": "KILLED", "finished": "FINISHED"}[state]
        assert (run.info.run_name, run.info.status) == (NAMED.title, status)
    assert (run.data.params, run.data.tags["git_commit"]) == ({"seed": "3"}, "c")
    history = client.get_metric_history(run.info.run_id, "loss/critic")
    assert [(each.step, each.value) for each in history] == [(100, 25), (200, 50), (300, 75)]
    assert [each.path for each in client.list_artifacts(run.info.run_id, "samples")] == [
        f"samples/{image.name}"
    ]


@pytest.mark.filterwarnings("default")
def test_a_run_at_weights_and_biases_lies_in_a_folder_offline(image, tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    tracker = opener("wandb")(NAMED)
    assert tracker.sent("rows") == -1
    send(tracker, image, 100)
    assert tracker.run.summary["loss/critic"] == 25
    assert tracker.sent("rows") == tracker.sent("samples") == 100
    assert dict(tracker.run.config) == {"seed": 3, "git_commit": "c"}
    tracker.close("finished")
    folder = Path(tracker.place)
    assert folder.parent == tmp_path / "wandb"
    assert list(folder.glob("run-*.wandb"))
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert not names & {"requirements.txt", "wandb-metadata.json"}  # what tells of this machine


class Session:
    """A run of Weights & Biases that keeps what it is told."""

    offline, url = False, "https://tracker.example/run"
    dir = "nowhere/files"

    def __init__(self) -> None:
        self.summary: dict = {}
        self.told: list = []
        self.config = SimpleNamespace(update=lambda values, **more: self.told.append(values))

    def define_metric(self, *which, **more):
        self.told.append((which, more))

    def log(self, values):
        self.summary |= values

    def finish(self, exit_code):
        self.told.append(exit_code)


@pytest.fixture
def _alone(monkeypatch):
    """The clients' modules are read anew, before and after."""
    for name in ("weights_and_biases", "mlflow_client"):
        monkeypatch.delitem(sys.modules, f"train.tracking.{name}", raising=False)
    yield
    for name in ("weights_and_biases", "mlflow_client"):
        sys.modules.pop(f"train.tracking.{name}", None)


@pytest.mark.usefixtures("_alone")
def test_what_weights_and_biases_is_told(image, monkeypatch):
    began: list = []
    stub = ModuleType("wandb")
    session = Session()
    stub.Settings, stub.Image = dict, lambda path: path  # type: ignore[attr-defined]
    stub.init = lambda **given: began.append(given) or session  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "wandb", stub)
    tracker = opener("wandb")(NAMED)
    assert tracker.sent("rows") == -1
    send(tracker, image, 100)
    tracker.close("stopped")
    assert {name: began[0][name] for name in ("project", "id", "resume")} == {
        "project": "shirts",
        "id": NAMED.run,
        "resume": "allow",
    }
    assert session.told == [{"seed": 3, "git_commit": "c"}, (("*",), {"step_metric": "images_shown"}), 1]
    assert (tracker.place, tracker.sent("rows"), tracker.sent("samples")) == (session.url, 100, 100)
    assert session.summary["samples"] == str(image)


class Server:
    """A client of MLflow that keeps what it is told."""

    tracking_uri = "memory"
    told: list

    def get_experiment_by_name(self, name):
        return None

    def create_experiment(self, name):
        return name

    def search_runs(self, experiments, query):
        return []

    def create_run(self, experiment, run_name, tags):
        return SimpleNamespace(info=SimpleNamespace(run_id="r"), data=SimpleNamespace(tags=tags))

    def __getattr__(self, name):
        return lambda *words, **more: self.told.append((name, words, more))


@pytest.mark.usefixtures("_alone")
def test_what_mlflow_is_told(image, monkeypatch):
    Server.told = []
    stub, entities = ModuleType("mlflow"), ModuleType("mlflow.entities")
    stub.MlflowClient = Server  # type: ignore[attr-defined]
    entities.Run = object  # type: ignore[attr-defined]
    for kind in ("Metric", "Param", "RunTag"):
        setattr(entities, kind, lambda *words: words)
    monkeypatch.setitem(sys.modules, "mlflow", stub)
    monkeypatch.setitem(sys.modules, "mlflow.entities", entities)
    tracker = opener("mlflow")(NAMED)
    assert tracker.sent("rows") == -1
    send(tracker, image, 100)
    assert tracker.sent("rows") == tracker.sent("samples") == 100
    for state in ("training", "stopped"):
        tracker.close(state)
    assert [name for name, *_ in Server.told] == [
        *("log_batch", "log_batch", "update_run"),  # parameters, facts, status and title
        *("log_batch", "log_artifact", "log_batch", "set_terminated"),
    ]
    assert Server.told[0][2] == {"params": [("seed", "3")]}
    assert Server.told[-1][1] == ("r", "KILLED")
    (name, value, _, step) = Server.told[3][2]["metrics"][0]
    assert (name, value, step) == ("loss/critic", 25.0, 100)
