"""Toy repositories, made and cleaned up."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from tests.flows.toy import REPOSITORY, STAGES, Toy


@pytest.fixture(scope="session")
def toy_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    (folder / ".dvc").mkdir()
    shutil.copy(REPOSITORY / ".dvc/config", folder / ".dvc/config")
    shutil.copy(Path(__file__).with_name("toy_stage.py"), folder)
    (folder / ".gitignore").write_text("/reports\n")
    modes = {stage: {"mode": "good", "steps": 1} for stage in STAGES}
    (folder / "params.yaml").write_text(yaml.safe_dump(modes))
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": dict(_stages())}))
    return folder


def _stages() -> Iterator[tuple[str, object]]:
    before = "toy_stage.py"
    for stage in STAGES:
        report = f"reports/{'swd' if stage == 'evaluate' else stage}.json"
        yield (
            stage,
            {
                "cmd": f"python toy_stage.py {stage}",
                "deps": ["toy_stage.py", *([before] if before != "toy_stage.py" else [])],
                "params": [stage],
                "outs": [report],
            },
        )
        before = report


@pytest.fixture
def stands_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[ModuleType, object], None]:
    """Give a module another client of Prefect's server: an object with the methods that it calls."""

    def put(module: ModuleType, server: object) -> None:
        @contextmanager
        def get_client(*, sync_client: bool) -> Iterator[object]:
            assert sync_client
            yield server

        monkeypatch.setattr(module, "get_client", get_client)

    return put


@pytest.fixture
def toy(toy_template: Path, tmp_path: Path) -> Iterator[Toy]:
    """A fresh toy repository; whatever still runs in it at the end is killed."""
    folder = tmp_path / "toy"
    shutil.copytree(toy_template, folder)
    repository = Toy(folder.resolve(), tmp_path / "prefect")
    yield repository
    for process in repository.processes():
        process.kill()
