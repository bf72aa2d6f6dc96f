"""The full flow's parameters: what they start, and what is refused before anything runs."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect.exceptions import ParameterTypeError
from prefect.logging import disable_run_logger
from prefect.states import Completed, Failed

from fashion_pggan.errors import UserError
from fashion_pggan.summary import Summary
from flows.deployed import parameters, pipeline
from tests.flows.toy import REPOSITORY, STAGES

NOTES = {"runs/flows/trained": "40\n", "reports/curate.json": '{"kept": 42}'}


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
    monkeypatch.setattr(pipeline, "note_training", lambda: None)
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
    run(settings=("train.total_kimg=1.0",), labels=False, processes=2)
    run(dry_run=True)
    assert started == [["train.total_kimg=1.0", "train.labels=false", "train.processes=2"], "plan"]
    with pytest.raises(UserError, match="give them without force"):
        run(settings=("train.total_kimg=1.0",), force=("train",))


def test_a_preset_is_an_experiment_unless_it_is_what_params_yaml_holds(
    started: list[Any],
) -> None:
    run(preset="photos", settings=("train.total_kimg=1.0",))
    words = started.pop()
    assert "train.total_kimg=1.0" in words
    assert "crawl.shop_images='photos'" in words
    run(preset="demo")
    assert started == [*((name, False) for name in STAGES), "figures"]
    with pytest.raises(UserError, match="no preset papr"):
        run(preset="papr")


def test_a_dataset_that_has_not_grown_enough_is_not_trained_on(
    started: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {"params.yaml": (REPOSITORY / "params.yaml").read_text(), **NOTES}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    run(min_new_images=3)
    assert [name for name, _ in started] == ["crawl", "curate"]
    started.clear()
    run(min_new_images=2)
    assert started[-1] == "figures"


def test_a_dry_run_starts_nothing(started: list[Any]) -> None:
    run(preset="photos", dry_run=True)
    assert started == []
    run(dry_run=True)
    assert started == ["plan"]


@pytest.mark.parametrize(
    "given",
    [
        {"settings": ["total_kimg 1"]},
        {"force": ["training"]},
        {"dry_run": "perhaps"},
        {"labels": "perhaps"},
        {"processes": 0},
        {"device": "gpu"},
        {"device": "cuda:0;1"},
    ],
)
def test_parameters_are_checked_before_anything_runs(given: dict[str, Any]) -> None:
    with pytest.raises(ParameterTypeError):
        pipeline.full.validate_parameters(given)


def test_the_form_describes_each_parameter() -> None:
    shown = pipeline.full.parameters.properties
    assert {name for name, field in shown.items() if field.get("description")} == set(shown)
    assert shown["force"]["items"]["enum"] == list(STAGES)
    assert {"params.yaml", "demo", "paper"} <= set(shown["preset"]["enum"])


@pytest.mark.parametrize(
    ("device", "seen"), [("auto", None), ("cpu", ""), ("cuda:1", "1"), ("cuda:0,1", "0,1")]
)
def test_a_device_hides_the_others(monkeypatch: pytest.MonkeyPatch, device: str, seen: str | None) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "before")
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "before")
    monkeypatch.setattr(parameters, "answer_of", lambda command: "0\n1")
    parameters.use_device(device)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ("before" if seen is None else seen)


def test_a_gpu_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "answer_of", lambda command: None)
    with pytest.raises(UserError, match=r"no GPU 2 \(nvidia-smi names none\): give auto or cpu"):
        parameters.use_device("cuda:2")


def test_without_parameters_a_run_reads_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # no params.yaml here: the stages tell what is wrong with it
    assert parameters.changed("params.yaml", (), None, None) == []


@pytest.mark.parametrize(
    ("setting", "labels", "processes"), [("train.labels=false", True, None), ("train.processes=1", None, 2)]
)
def test_what_is_said_twice_is_refused(setting: str, labels: bool | None, processes: int | None) -> None:
    with pytest.raises(UserError, match=f"both say {setting.split('=', maxsplit=1)[0]}: leave one"):
        parameters.changed("photos", (setting,), labels, processes)
