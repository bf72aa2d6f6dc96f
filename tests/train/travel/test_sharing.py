"""What DVC has copied apart is one file again, and a damaged one has its copy in DVC's cache."""

import shutil
from pathlib import Path

import pytest

from fashion_pggan.storage.locks import exclusive
from train.travel.sharing import share


@pytest.fixture
def models(tmp_path, finished) -> Path:
    """Models with copies of a run's files, as DVC leaves them."""
    return Path(shutil.copytree(finished / "models", tmp_path / "models"))


def test_equal_files_of_a_run_and_its_models_become_one(run, runs, models):
    before = {path: path.read_bytes() for path in (*run.rglob("*"), *models.rglob("*")) if path.is_file()}
    times = {path: path.stat().st_mtime_ns for path in models.rglob("*")}
    freed = share(runs, [models, models.parent / "absent"])
    pairs = [(run / path.relative_to(models), path) for path in models.glob("snapshots/*")]
    assert len(pairs) == 3
    assert all(
        one.samefile(other)
        for one, other in [*pairs, (run / "networks.safetensors", models / "networks.safetensors")]
    )
    assert freed > sum(path.stat().st_size for _, path in pairs)
    assert {path: path.read_bytes() for path in before} == before
    assert {path: path.stat().st_mtime_ns for path in models.rglob("*")} == times, "DVC looks at them"
    assert share(runs, [models]) == 0


def test_other_files_and_a_run_that_is_being_trained_stay_as_they_are(run, runs, models):
    with exclusive(run):
        assert share(runs, [models]) == 0
    other = models / "snapshots/000000.080.safetensors"
    other.write_bytes(other.read_bytes()[:-1] + b"x")
    whole = (run / "snapshots/000000.080.safetensors").read_bytes()
    share(runs, [models])
    assert (run / "snapshots/000000.080.safetensors").read_bytes() == whole
    assert (run / "snapshots/000000.160.safetensors").samefile(models / "snapshots/000000.160.safetensors")
