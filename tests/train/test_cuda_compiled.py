"""The trainer on a CUDA device with compiled steps, which takes minutes."""

import pytest
import torch

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_compiled_step_has_gradients_of_the_same_direction(real_gpu, cuda, both, gradients, precision):
    fast = gradients(cuda, both["fading"], precision=precision, compile=True)
    for expected, actual in zip(gradients(None, both["fading"]), fast, strict=True):
        assert float(torch.cosine_similarity(actual, expected, dim=0)) > 0.98


def test_a_recorded_compiled_step_does_what_the_step_does(real_gpu, same_as_recorded):
    same_as_recorded(compiles=True)


def test_a_run_with_recorded_compiled_steps_trains_and_resumes(real_gpu, train_twice):
    train_twice({"precision": "bfloat16", "compile": True, "cuda_graphs": True})
