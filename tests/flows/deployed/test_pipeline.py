"""The flows in a toy repository: run directly, without a server."""

import sqlite3
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from prefect import Flow
from prefect.context import refresh_global_settings_context
from prefect.settings import PREFECT_API_URL
from prefect.states import Failed

from fashion_pggan.command.line import call
from fashion_pggan.errors import UserError
from flows.deployed import deployments, pipeline
from flows.deployed.stage_task import may_pass
from flows.reproduction import StageError
from flows.server.server import OUR_URL
from tests.flows.toy import REPOSITORY, STAGES, Toy

NOWHERE = "http://127.0.0.1:9/api"


@pytest.mark.slow
def test_the_full_flow_needs_no_server_and_shows_its_figures(toy: Toy, tmp_path: Path) -> None:
    status, output = toy.run("flows.full_flow")
    assert (status, toy.ran()) == (0, list(STAGES)), output
    assert "train: step 1 of 1" in output
    with sqlite3.connect(tmp_path / "prefect/fashion-pggan.db") as database:
        artifacts = dict(database.execute("select key, data from artifact"))
        states = database.execute("select name, state_name from flow_run").fetchall()
    assert "untrained (0k)" in artifacts["fashion-pggan-swd"]
    assert "products found" in artifacts["fashion-pggan-summary"]
    assert len(states) == 1 + len(STAGES)
    assert {state for _, state in states} == {"Completed"}
    toy.wait_until_gone()


@pytest.fixture
def inside(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    """The toy repository as this process's folder, with a server chosen that does not answer."""
    monkeypatch.chdir(toy.folder)
    monkeypatch.setenv("PREFECT_HOME", toy.environment["PREFECT_HOME"])
    monkeypatch.setenv("PREFECT_API_URL", NOWHERE)
    refresh_global_settings_context()
    yield toy
    monkeypatch.undo()
    refresh_global_settings_context()


def test_a_chosen_server_that_does_not_answer_is_named(inside: Toy) -> None:
    with pytest.raises(UserError) as caught:
        call("flows", "run", "curate")
    assert str(caught.value) == (
        f"no Prefect server answers at {NOWHERE}: start it (prefect server start), or unset PREFECT_API_URL"
    )


def test_a_request_from_a_folder_without_settings_goes_to_our_server(
    inside: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.delenv("PREFECT_API_URL")
    refresh_global_settings_context()
    monkeypatch.setattr(deployments, "answers", lambda url: True)
    monkeypatch.setattr(deployments, "use_key_of", lambda url: None)

    def stop(deployment: str, url: str) -> None:
        asked.append((deployment, url, PREFECT_API_URL.value()))
        raise UserError("enough")

    monkeypatch.setattr(deployments, "_check_served", stop)
    with pytest.raises(UserError, match=r"^enough$"):
        call("flows", "ask", "crawl")
    assert asked == [("fashion-pggan-crawl/crawl", OUR_URL, OUR_URL)]


def test_asking_without_a_server_is_one_line(inside: Toy) -> None:
    with pytest.raises(UserError) as caught:
        call("flows", "ask", "train")
    assert str(caught.value) == (
        f"no Prefect server answers at {NOWHERE}: start one with make serve, in another terminal"
    )


def test_a_server_that_ends_while_it_is_asked_is_one_line(
    inside: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.deployed.deployments.answers", lambda url: True)
    monkeypatch.setattr("flows.deployed.deployments.use_key_of", lambda url: None)
    monkeypatch.setattr("flows.deployed.deployments.RETRIES", 0)
    with pytest.raises(UserError, match=r"no longer answers .*: start make serve, and ask again"):
        call("flows", "ask", "train")


@pytest.mark.parametrize("command", [["flows"], ["flows", "run", "curate"]])
def test_a_folder_that_is_no_repository_is_one_line(inside: Toy, command: list[str]) -> None:
    (inside.folder / "dvc.yaml").unlink()
    with pytest.raises(UserError) as caught:
        call(*command)
    assert str(caught.value) == f"no dvc.yaml in {inside.folder}: run from the repository root"


def test_a_folder_that_is_no_repository_ends_the_process_with_one_line(tmp_path: Path) -> None:
    status, output = Toy(tmp_path.resolve(), tmp_path / "prefect").run("flows.curate_flow")
    assert (status, output) == (
        1,
        f"error: no dvc.yaml in {tmp_path.resolve()}: run from the repository root\n",
    )


def test_the_deployments_of_prefect_yaml_are_the_flows_that_we_serve() -> None:
    listed = yaml.safe_load((REPOSITORY / "prefect.yaml").read_text())["deployments"]
    module = "flows.deployed.pipeline"
    assert [(each["name"], each["entrypoint"]) for each in listed] == [
        ("full", f"{module}.full"),
        ("weekly", "flows.deployed.weekly.weekly"),
        ("fleet", "flows.deployed.fleet.parts.crawl_parts"),
        ("part", "flows.deployed.fleet.part.crawl_part"),
        *((name, f"{module}.{name}") for name in pipeline.STAGES),
    ]
    for each in listed:
        module, _, name = each["entrypoint"].rpartition(".")
        flow = getattr(import_module(module), name)
        assert isinstance(flow, Flow)
        ours = name.replace("_", "-")
        assert flow.name == "-".join(["fashion-pggan", *([] if ours in ("full", "weekly") else [ours])])


def test_only_a_trouble_that_may_pass_is_tried_again() -> None:
    assert may_pass(None, None, Failed(data=StageError("busy", 75)))
    assert not may_pass(None, None, Failed(data=StageError("wrong keys", 1)))
    assert not may_pass(None, None, Failed(data=StageError("no such stage")))
    assert not may_pass(None, None, Failed(data=KeyError("levels")))


def test_the_flows_are_the_stages_of_dvc_in_an_order_that_fits() -> None:
    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
    assert set(stages) == set(STAGES)
    made: set[str] = set()
    for stage in STAGES:
        needed = {
            path for path in stages[stage]["deps"] if path.split("/")[0] in ("data", "models", "reports")
        }
        assert needed <= made, stage
        made |= set(_outputs(stages[stage]))


def _outputs(stage: dict[str, list[object]]) -> list[str]:
    entries = [entry for kind in ("outs", "metrics", "plots") for entry in stage.get(kind, [])]
    return [next(iter(entry)) if isinstance(entry, dict) else str(entry) for entry in entries]


@pytest.mark.slow
def test_a_failed_stage_ends_the_flow_in_one_line_without_a_traceback(toy: Toy) -> None:
    toy.set("curate", mode="person")
    status, output = toy.run("flows.full_flow")
    assert (status, toy.ran()) == (1, ["crawl", "curate"])
    last = output.splitlines()[-1]
    assert last == "error: stage curate failed: no images in data/raw: run the crawl stage first"
    assert "Traceback" not in output


@pytest.mark.slow
def test_the_crawl_is_tried_again_when_its_trouble_may_pass(toy: Toy) -> None:
    toy.set("crawl", mode="passing")
    (toy.folder / "hasty.py").write_text(
        "from flows.deployed import direct, pipeline\n"
        "pipeline.RETRY_DELAYS_S = [0.1]\n"
        "direct.run_directly(pipeline.crawl)\n"
    )
    status, output = toy.run("hasty")
    assert (status, toy.ran()) == (0, ["crawl", "crawl"]), output


@pytest.mark.slow
def test_what_has_not_changed_is_unchanged_in_prefect_too(toy: Toy, tmp_path: Path) -> None:
    for _ in range(2):
        status, output = toy.run("flows.crawl_flow")
        assert status == 0, output
    assert toy.ran() == ["crawl"]
    with sqlite3.connect(tmp_path / "prefect/fashion-pggan.db") as database:
        names = [name for (name,) in database.execute("select state_name from task_run order by start_time")]
    assert names == ["Completed", "Unchanged"]
