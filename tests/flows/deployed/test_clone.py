"""Where the run of a worker happens."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from prefect import Flow
from prefect.flows import load_flow_from_entrypoint

from flows.deployed.clone import enter
from flows.reproduction import CLONE
from tests.flows.toy import REPOSITORY

ENTER = "from flows.deployed.clone import enter; import os; print(enter(), os.getcwd())"


def test_a_run_happens_in_the_folder_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clone").mkdir()
    monkeypatch.setenv(CLONE, str(tmp_path / "clone"))
    assert enter() == {"directory": str(tmp_path / "clone")}
    assert Path.cwd() == tmp_path / "clone"


def test_a_run_happens_where_its_worker_was_started_otherwise(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != CLONE}
    done = subprocess.run(
        [sys.executable, "-c", ENTER],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    here = str(Path.cwd())
    assert done.stdout == f"{ {'directory': here}!r} {here}\n"


def test_a_folder_that_is_missing_is_said_and_the_flow_refuses_it_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(CLONE, str(tmp_path / "gone"))
    assert enter() == {}
    assert "no clone to run in" in caplog.text
    assert Path.cwd() == tmp_path


def test_all_that_prefect_yaml_deploys_is_found_in_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (REPOSITORY / "prefect.yaml").read_text()
    assert "{{" not in text  # Prefect resolves it where it deploys, not on the worker
    project = yaml.safe_load(text)
    monkeypatch.chdir(tmp_path)
    for deployment in project["deployments"]:
        assert isinstance(load_flow_from_entrypoint(deployment["entrypoint"]), Flow)
        variables = deployment["work_pool"]["job_variables"]
        assert variables == {"env": {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}}
