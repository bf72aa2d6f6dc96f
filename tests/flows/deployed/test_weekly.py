"""The weekly flow: what it does in which order, and where a killed one resumes."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from fashion_pggan.errors import UserError
from flows.deployed import grown, weekly
from tests.flows.toy import REPOSITORY

TRAINED = ["crawl_again", "curate", "train", "keep_better"]


class Week:
    """A project without its stages: what the flow asked for, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.is_better = True
        self.fails = ""
        for name in ("crawl_again", "curate", "train", "generate", "evaluate", "keep_better", "publish"):
            monkeypatch.setattr(weekly, name, self._step(name))
        monkeypatch.setattr(weekly, "check_workspace", lambda folder: None)
        weekly.REPORTS.mkdir()
        self.images = 40
        monkeypatch.setattr(weekly.Summary, "read", lambda reports: None)
        start = SimpleNamespace(train=SimpleNamespace(start_from="kept/best.safetensors"))
        monkeypatch.setattr(weekly, "load_params", lambda path: start)

    def _step(self, name: str) -> Callable[..., Any]:
        def run(*arguments: object) -> None:
            self.asked.append(name)
            if name == "curate":
                (weekly.REPORTS / "curate.json").write_text(json.dumps({"kept": self.images}))
            if self.fails == name:
                raise KeyboardInterrupt
            if name == "train":
                weekly.NEW.write_text("new")
            if name == "keep_better" and (self.is_better or not weekly.BEST.is_file()):
                weekly.BEST.parent.mkdir(exist_ok=True)
                weekly.BEST.write_text(weekly.NEW.read_text())

        return run

    def run(self, min_new_images: int = 0) -> list[str]:
        self.asked.clear()
        with disable_run_logger():
            weekly.weekly.fn(min_new_images)
        return self.asked


@pytest.fixture
def week(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Week:
    monkeypatch.chdir(tmp_path)
    weekly.NEW.parent.mkdir()
    weekly.NEW.write_text("old")
    week = Week(monkeypatch)
    (weekly.REPORTS / "curate.json").write_text(json.dumps({"kept": week.images}))
    return week


def test_the_first_model_is_kept_before_anything_is_trained(week: Week) -> None:
    assert week.run() == ["keep_better", *TRAINED, "evaluate", "generate", "publish"]
    assert week.run() == [*TRAINED, "evaluate", "generate", "publish"]


def test_nothing_is_trained_until_the_dataset_has_grown_enough_since_the_last_training(week: Week) -> None:
    week.run()
    for images, asked in ((49, []), (50, ["train"]), (59, []), (60, ["train"])):
        week.images = images
        assert [name for name in week.run(min_new_images=10) if name == "train"] == asked
        assert not weekly.CRAWLED.exists()  # the next week crawls again


def test_a_damaged_note_of_the_last_training_is_named(week: Week) -> None:
    week.run()
    grown.TRAINED.write_text("many")
    with pytest.raises(UserError, match=r"runs/flows/trained holds no number of images: delete it"):
        week.run(min_new_images=1)


def test_nothing_is_generated_with_a_model_that_is_not_better(week: Week) -> None:
    week.is_better = False
    assert week.run() == ["keep_better", *TRAINED]
    assert weekly.BEST.read_text() == "old"


@pytest.mark.parametrize("step", ["curate", "train", "keep_better", "generate", "evaluate", "publish"])
def test_a_killed_run_goes_on_with_what_it_crawled_and_trained(week: Week, step: str) -> None:
    week.run()
    week.images += 10
    week.fails = step
    with pytest.raises(KeyboardInterrupt):
        week.run(min_new_images=10)
    week.fails = ""
    assert week.run(min_new_images=10) == [*TRAINED[1:], "evaluate", "generate", "publish"]
    assert week.run(min_new_images=10) == ["crawl_again", "curate"]


def test_a_dataset_that_images_were_taken_from_is_trained_on_unless_growth_is_asked_for(week: Week) -> None:
    week.run()
    week.images -= 1
    assert "train" not in week.run(min_new_images=1)
    assert "train" in week.run()


def test_a_crawl_that_was_killed_is_started_again(week: Week) -> None:
    week.fails = "crawl_again"
    with pytest.raises(KeyboardInterrupt):
        week.run()
    week.fails = ""
    assert week.run()[:2] == ["crawl_again", "curate"]


def test_a_training_from_something_else_is_refused_before_the_shop_is_asked(week: Week) -> None:
    for place, said in (("", "empty"), ("models", "models")):
        with pytest.raises(UserError, match=rf"^train.start_from is {said}: set it to kept/best.safetensors"):
            weekly.check_start(place)
    weekly.check_start("kept/best.safetensors")


@pytest.mark.slow
def test_a_command_that_fails_says_why_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setattr(weekly, "end_with_starter", lambda: None)
    with (
        disable_run_logger(),
        pytest.raises(UserError, match=r"^evaluate keep failed: no snapshot at models"),
    ):
        weekly.keep_better.fn()
