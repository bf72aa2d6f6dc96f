"""Parameters with which a distance is measured in a moment."""

from pathlib import Path

import pytest

from fashion_pggan.params import EvaluateParams, load_params

PRESET = Path(__file__).parents[3] / "presets" / "photos.yaml"


@pytest.fixture(scope="session")
def params() -> EvaluateParams:
    fewer = {"images": 24, "patches_per_image": 32, "repeats": 2, "directions": 64, "minibatch": 16}
    return load_params(PRESET).evaluate.model_copy(update=fewer)
