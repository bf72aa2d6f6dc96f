import math

import pytest
import torch

from train.step.ema import decay_of
from train.step.optimizer import Adam

SMALL = {"adam_beta1": 0.0, "adam_beta2": 0.99, "adam_epsilon": 1e-8}


def _vector() -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(12, dtype=torch.float64)


@pytest.mark.parametrize("beta1", [0.0, 0.9])
def test_steps_are_those_of_adam_with_epsilon_before_the_bias_correction(preset, beta1):
    """The published update, written out; gradients around epsilon show the order."""
    params = preset.model_copy(update=SMALL | {"adam_beta1": beta1})
    vector = _vector()
    weights = vector.clone()
    optimizer = Adam(vector, params)
    first, second = torch.zeros_like(weights), torch.zeros_like(weights)
    for step in range(1, 6):
        gradient = torch.full_like(weights, 3e-9 * step)
        optimizer.step(gradient.clone(), 0.002)
        first = beta1 * first + (1 - beta1) * gradient
        second = 0.99 * second + 0.01 * gradient**2
        rate = 0.002 * math.sqrt(1 - 0.99**step) / (1 - beta1**step)
        weights -= rate * first / (second.sqrt() + 1e-8)
        torch.testing.assert_close(vector, weights, rtol=1e-12, atol=1e-12)


def test_float32_steps_are_those_of_float64(preset):
    """The bias correction of the first steps loses no digits."""
    params = preset.model_copy(update=SMALL)
    wide = _vector()
    narrow = wide.float()
    optimizers = Adam(wide, params), Adam(narrow, params)
    for step in range(1, 20):
        for optimizer in optimizers:
            optimizer.step(torch.sin(optimizer.vector * step), torch.tensor(0.01))
    torch.testing.assert_close(narrow, wide.float(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_a_step_with_a_gradient_that_is_not_finite_changes_nothing_and_is_counted(preset, broken):
    optimizer = Adam(_vector(), preset)
    gradient = torch.ones(12, dtype=torch.float64)
    optimizer.step(gradient, 0.001)
    before = {name: tensor.clone() for name, tensor in optimizer.state().items()}
    weights = optimizer.vector.clone()
    gradient[3] = broken
    for times in (1, 2):
        optimizer.step(gradient, 0.001)
        assert int(optimizer.skipped) == int(optimizer.in_a_row) == times
    assert torch.equal(optimizer.vector, weights)
    for name in ("square", "taken"):
        assert torch.equal(optimizer.state()[name], before[name])
    optimizer.step(torch.ones(12, dtype=torch.float64), 0.001)
    assert (int(optimizer.skipped), int(optimizer.in_a_row)) == (2, 0)


def test_a_first_step_that_is_skipped_does_no_harm(preset):
    vector = _vector()
    before = vector.clone()
    Adam(vector, preset).step(torch.full((12,), math.nan, dtype=torch.float64), 0.001)
    assert torch.equal(vector, before)


def test_levels_without_gradient_are_left_alone(preset):
    vector = _vector()
    before = vector.clone()
    optimizer = Adam(vector, preset)
    for _ in range(3):
        optimizer.step(torch.cat([torch.zeros(6), torch.ones(6)]).double(), 0.001)
    assert torch.equal(vector[:6], before[:6])
    assert (vector[6:] != before[6:]).all()


def test_an_optimizer_that_starts_afresh_takes_its_first_step_again(preset):
    first, again = (Adam(torch.zeros(12, dtype=torch.float64), preset) for _ in range(2))
    for _ in range(4):
        again.step(torch.ones(12, dtype=torch.float64), 0.01)
    again.start_afresh()
    again.vector.zero_()
    for optimizer in (first, again):
        optimizer.step(torch.full((12,), 0.3, dtype=torch.float64), 0.01)
    assert torch.equal(first.vector, again.vector)
    assert torch.equal(first.square, again.square)


def test_the_average_keeps_the_published_share_whatever_the_minibatch(preset):
    params = preset.model_copy(update={"ema_decay": 0.999})
    assert {decay_of(shown, minibatch, params) for shown in (0, 10_000) for minibatch in (4, 512)} == {0.999}


def test_a_half_life_halves_what_is_old_over_its_images(preset):
    params = preset.model_copy(update={"ema_half_life_kimg": 10.0, "ema_ramp": 0.0})
    assert decay_of(10**6, 16, params) ** (10_000 / 16) == pytest.approx(0.5)
    assert decay_of(10**6, 64, params) ** (10_000 / 64) == pytest.approx(0.5)


def test_a_ramp_shortens_the_half_life_at_the_start(preset):
    params = preset.model_copy(update={"ema_half_life_kimg": 10.0, "ema_ramp": 0.05})
    assert decay_of(0, 16, params) == 0.0
    assert decay_of(40_000, 16, params) ** (2_000 / 16) == pytest.approx(0.5)
    assert decay_of(400_000, 16, params) ** (10_000 / 16) == pytest.approx(0.5)
