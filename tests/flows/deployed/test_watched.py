"""The progress of a stage, from its lines."""

from uuid import UUID, uuid4

import pytest
from httpx import ConnectError

from flows.deployed import watched
from flows.deployed.watched import Watched


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float]]:
    """Each call: which artifact, and its percentage."""
    calls: list[tuple[str, float]] = []

    def create(progress: float, key: str, description: str) -> UUID:
        calls.append((key, progress))
        return uuid4()

    monkeypatch.setattr(watched, "create_progress_artifact", create)
    monkeypatch.setattr(
        watched, "update_progress_artifact", lambda made, progress, text: calls.append(("again", progress))
    )
    return calls


def test_lines_that_count_become_one_artifact_and_all_are_passed_on(shown: list[tuple[str, float]]) -> None:
    lines: list[str] = []
    progress = Watched("train", lines.append)
    said = [
        "training in runs/train/0a1b from 0 images on, device cpu",
        "training: 15008/30016 images, 80.2/s (3 min left)",
        "training: 30016/30016 images, 80.1/s",
        "looking: 5 images",
        "Running stage 'train':",
        "training: 1/0 images",
    ]
    for line in said:
        progress.line(line)
    assert lines == said
    assert shown == [("fashion-pggan-train-progress", 50.0), ("again", 100.0)]


def test_a_server_that_does_not_answer_stops_no_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*given: object) -> UUID:
        raise ConnectError("gone")

    monkeypatch.setattr(watched, "create_progress_artifact", fails)
    lines: list[str] = []
    Watched("crawl", lines.append).line("crawling: 1/2 images, 1.0/s")
    assert len(lines) == 1
