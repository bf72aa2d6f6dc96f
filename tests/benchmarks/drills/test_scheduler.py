"""A scheduler may stop a training as often as it likes: no step is lost."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from benchmarks.drills.pipeline import SMALL
from benchmarks.drills.scheduler import stop_often
from tests.running import tries

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # minutes, but on a busy machine

REPOSITORY = Path(__file__).parents[3]
STOPS = tries(6, 20)
DVC = [sys.executable, "-m", "dvc", "repro", "--single-item"]
WAITS = [
    sys.executable,
    "-m",
    "flows.leash",
    "--grace-s",
    "60",
    *DVC[2:],
]  # for the stage, which DVC does not
LONG = {  # no checkpoint but that of a stop
    "total_kimg": 1.0 * STOPS,
    "fmap_base": 32,
    "fmap_max": 8,
    "latent_size": 8,
    "minibatch": {4: 8, 8: 8},
    "checkpoint_s": 1e6,
    "snapshot_s": 1e6,
    "grid_s": 1e6,
    "snapshot_kimg": 1.0,
    "log_kimg": 0.05,
}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with a small job, whose stages before training have run."""
    folder = tmp_path_factory.mktemp("scheduler") / "project"
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, folder], check=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", str(folder))
        patched.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
        params = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
        for section, values in SMALL.items():
            params[section] |= values
        params["train"] |= LONG
        params["curate"]["resolution"] = 8
        (folder / "params.yaml").write_text(yaml.safe_dump(params, allow_unicode=True))
        for stage in ("crawl", "curate"):
            subprocess.run([*DVC, stage], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def project(ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy, which its own code is run in, with one thread: another number rounds differently."""
    folder = tmp_path / "project"
    shutil.copytree(ready, folder, symlinks=True)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("SHELL", "/bin/sh")  # as in a container; not every sh makes way for its last command
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    return folder


@pytest.fixture(scope="module")
def undisturbed(ready: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The snapshots of a training that nobody stops."""
    folder = tmp_path_factory.mktemp("undisturbed") / "project"
    shutil.copytree(ready, folder, symlinks=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", str(folder))
        patched.setenv("OMP_NUM_THREADS", "1")
        patched.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
        subprocess.run([*DVC, "train"], cwd=folder, check=True, capture_output=True)
    return snapshots(folder)


def snapshots(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "models/snapshots").iterdir()}


@pytest.mark.parametrize(
    ("stops", "of", "command", "processes"),
    [(STOPS, "all", DVC, 1), (2, "first", WAITS, 1), (2, "all", WAITS, 2)],
    ids=["SLURM", "Kubernetes", "SLURM, two processes"],
)
def test_no_step_is_lost(
    project: Path, undisturbed: dict[str, bytes], stops: int, of: str, command: list[str], processes: int
) -> None:
    if processes > 1:
        text = (project / "params.yaml").read_text()
        (project / "params.yaml").write_text(text.replace("processes: 1", f"processes: {processes}"))
    made = list(stop_often([*command, "train"], project, stops, of=of, grace_s=30.0))
    assert len(made) == stops
    assert not [stop for stop in made if stop.lost]
    assert [stop.saved for stop in made] == sorted({stop.saved for stop in made})
    if processes == 1:
        assert snapshots(project) == undisturbed
