"""A finished run, and copies of it that tests may change."""

import shutil
from pathlib import Path

import pytest

from fashion_pggan.storage.locks import LOCK
from train import stage


@pytest.fixture(scope="session")
def short(params):
    """Parameters of a run that takes a second."""
    return params.model_copy(update={"total_kimg": 0.16, "snapshot_kimg": 0.08, "log_kimg": 0.08})


@pytest.fixture(scope="session")
def finished(tmp_path_factory, dataset, short) -> Path:
    """A project with a finished run and its models; tests leave it as it is."""
    project = tmp_path_factory.mktemp("finished")
    stage.run(dataset.folder, project / "models", short, runs=project / "runs", device="cpu")
    return project


@pytest.fixture
def runs(tmp_path, finished) -> Path:
    """A folder of runs."""
    return Path(shutil.copytree(finished / "runs", tmp_path / "runs"))


@pytest.fixture
def run(runs) -> Path:
    """The folder of a finished run."""
    (found,) = runs.iterdir()
    assert (found / LOCK).is_file()
    return found
