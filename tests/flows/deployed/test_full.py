"""The full flow's parameters: what they start, and what is refused before anything runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect.exceptions import ParameterTypeError
from prefect.logging import disable_run_logger
from prefect.states import Completed, Failed

from fashion_pggan.errors import UserError
from fashion_pggan.params.preset import check_settings
from fashion_pggan.summary import Summary
from flows.deployed import pipeline
from tests.flows.toy import STAGES


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the flow starts, in order."""
    found: list[Any] = []

    def stage(name: str) -> Callable[..., Any]:
        def run(*, again: bool, return_state: bool) -> Any:
            found.append((name, again))
            return Failed(message="no images") if name == "train" and again else Completed(name="Ran")

        return run

    monkeypatch.setattr(pipeline, "STAGES", {name: stage(name) for name in STAGES})
    monkeypatch.setattr(pipeline, "try_settings", found.append)
    monkeypatch.setattr(pipeline, "plan", lambda say: found.append("plan"))
    monkeypatch.setattr(pipeline, "publish", lambda summary: found.append("figures"))
    monkeypatch.setattr(Summary, "read", lambda reports: None)
    return found


def run(**parameters: Any) -> None:
    with disable_run_logger():
        pipeline.full.fn(**parameters)


def test_all_stages_run_in_order_and_the_forced_ones_in_any_case(started: list[Any]) -> None:
    run(force=("generate",))
    assert started == [*((name, name == "generate") for name in STAGES), "figures"]


def test_a_stage_that_fails_ends_the_flow(started: list[Any]) -> None:
    with pytest.raises(Exception, match="no images"):
        run(force=("train",))
    assert [name for name, _ in started] == ["crawl", "curate", "train"]


def test_settings_make_an_experiment_and_a_dry_run_a_plan(started: list[Any]) -> None:
    run(settings=("train.total_kimg=1.0",))
    run(dry_run=True)
    assert started == [("train.total_kimg=1.0",), "plan"]
    with pytest.raises(UserError, match="settings alone"):
        run(settings=("train.total_kimg=1.0",), force=("train",))


@pytest.mark.parametrize(
    "parameters", [{"settings": ["total_kimg 1"]}, {"force": ["training"]}, {"dry_run": "perhaps"}]
)
def test_parameters_are_checked_before_anything_runs(parameters: dict[str, Any]) -> None:
    with pytest.raises(ParameterTypeError):
        pipeline.full.validate_parameters(parameters)


def test_the_form_describes_each_parameter() -> None:
    shown = pipeline.full.parameters.properties
    assert {name for name, field in shown.items() if field.get("description")} == set(shown)
    assert shown["force"]["items"]["enum"] == list(STAGES)


def test_settings_are_held_against_the_parameters() -> None:
    check_settings(["train.total_kimg=1.0", "curate.styles=[flat]"], Path("params.yaml"))
    with pytest.raises(UserError, match="total_kmig"):
        check_settings(["train.total_kmig=1.0"], Path("params.yaml"))
