"""The snapshot that makes the dataset."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fashion_pggan.errors import UserError
from generate.by_distance import best_in


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    (folder / "snapshots").mkdir(parents=True)
    for kimg in (0.0, 25.024, 30.016):
        (folder / "snapshots" / f"{kimg:010.3f}.safetensors").touch()
    return folder


@pytest.fixture
def distances(tmp_path: Path) -> Callable[..., Path]:
    def write(best: float, untrained: float | None = 0.0) -> Path:
        path = tmp_path / "swd.json"
        values: dict[str, Any] = {"best": {"kimg": best}}
        values["untrained"] = None if untrained is None else {"kimg": untrained}
        path.write_text(json.dumps(values))
        return path

    return write


@pytest.mark.parametrize(
    ("best", "untrained", "taken"),
    [
        (25.024, 0.0, "000025.024"),
        (30.016, 0.0, "000030.016"),
        (0.0, 0.0, "000030.016"),  # none is better than the untrained network
        (25.024, None, "000025.024"),  # the untrained one is not kept
    ],
)
def test_the_best_snapshot_is_taken_and_another_than_the_last_is_named(
    models: Path,
    distances: Callable[..., Path],
    caplog: pytest.LogCaptureFixture,
    best: float,
    untrained: float | None,
    taken: str,
) -> None:
    with caplog.at_level(logging.INFO, "generate"):
        assert best_in(models, distances(best, untrained)).stem == taken
    assert bool(caplog.messages) == (best != 30.016)


def test_distances_of_other_models_are_refused(models: Path, distances: Callable[..., Path]) -> None:
    with pytest.raises(UserError, match=r"at 12 kimg the best, and .* has none: run dvc repro evaluate"):
        best_in(models, distances(12.0))


@pytest.mark.parametrize("text", ["{", "[]", '{"best": {"kimg": "many"}, "untrained": null}', '{"best": 1}'])
def test_a_file_without_distances_is_refused(models: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "swd.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"swd.json"):
        best_in(models, path)
    with pytest.raises(UserError, match="run the evaluate stage first"):
        best_in(models, tmp_path / "none.json")
