from pathlib import Path

import pytest
import torch

from train.saved.checkpoint import newest_state
from train.saved.state import check_plain, check_state

FORMER = Path(__file__).parent / "former"


@pytest.fixture
def state():
    return newest_state(FORMER, torch.device("cpu"))


def test_the_state_of_a_former_version_fits_its_run(state):
    check_state(state, dict(state["tensors"]))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"images_shown": -1}, "images_shown"),
        ({"images_shown": "9"}, "images_shown"),
        ({"seconds": float("nan")}, "seconds"),
        ({"stretch": (1,)}, "stretch"),
        ({"growth": {"transitions": [], "measured": [(1, float("inf"))]}}, "growth.measured"),
        ({"growth": None}, "growth"),
        ({"tensors": None}, "no tensors"),
        ({"tensors": {}}, "missing or unknown: average"),
    ],
)
def test_a_position_that_no_run_has_is_refused(state, change, says):
    with pytest.raises((TypeError, ValueError), match=says):
        check_state({**state, **change}, dict(state["tensors"]))


@pytest.mark.parametrize(
    "tensor", [torch.zeros(1), torch.zeros(3, 3), None, "x", torch.zeros(9, dtype=torch.float64)]
)
def test_a_tensor_of_another_shape_or_type_is_refused_and_not_broadcast(state, tensor):
    tensors = dict(state["tensors"])
    with pytest.raises(ValueError, match="generator is not"):
        check_state({**state, "tensors": {**tensors, "generator": tensor}}, tensors)


def test_lists_that_hold_one_another_many_times_over_are_looked_at_once():
    nested: list = [torch.zeros(2)]
    for _ in range(60):
        nested = [nested, nested]
    check_plain({"nested": nested}, most=100)
    with pytest.raises(ValueError, match="a tensor"):
        check_plain({"nested": nested}, most=1)
