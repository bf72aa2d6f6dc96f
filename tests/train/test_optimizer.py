import copy
import math

import pytest
import torch
from torch import nn

from train import ema
from train.optimizer import adam, step_if_finite


def _network() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(4, 3).double()


def test_steps_are_those_of_adam_with_epsilon_before_the_bias_correction(preset):
    """The published update, written out for beta1 = 0; gradients around epsilon show the order."""
    params = preset.model_copy(update={"adam_beta1": 0.0, "adam_beta2": 0.99, "adam_epsilon": 1e-8})
    network = _network()
    optimizer = adam(network, params)
    weight = network.weight.detach().clone()
    second = torch.zeros_like(weight)
    for step in range(1, 6):
        gradient = torch.full_like(weight, 3e-9 * step)
        network.weight.grad = gradient.clone()
        network.bias.grad = torch.zeros_like(network.bias)
        assert step_if_finite(optimizer, 0.002, params)
        second = 0.99 * second + 0.01 * gradient**2
        weight -= 0.002 * math.sqrt(1 - 0.99**step) * gradient / (second.sqrt() + 1e-8)
        torch.testing.assert_close(network.weight.detach(), weight, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_a_step_with_a_gradient_that_is_not_finite_changes_nothing(preset, broken):
    network = _network()
    optimizer = adam(network, preset)
    for parameter in network.parameters():
        parameter.grad = torch.ones_like(parameter)
    assert step_if_finite(optimizer, 0.001, preset)
    weights, state = copy.deepcopy(network.state_dict()), copy.deepcopy(optimizer.state_dict())
    network.bias.grad[1] = broken
    assert not step_if_finite(optimizer, 0.001, preset)
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, weights[name], rtol=0, atol=0)
    for index, values in optimizer.state_dict()["state"].items():
        assert values["step"] == state["state"][index]["step"]
        torch.testing.assert_close(values["exp_avg_sq"], state["state"][index]["exp_avg_sq"], rtol=0, atol=0)


def test_levels_without_gradient_are_left_alone(preset):
    network = _network()
    before = network.bias.detach().clone()
    network.weight.grad = torch.ones_like(network.weight)
    assert step_if_finite(adam(network, preset), 0.001, preset)
    torch.testing.assert_close(network.bias.detach(), before, rtol=0, atol=0)


def test_the_average_moves_by_the_published_share():
    network, average = _network(), _network()
    with torch.no_grad():
        network.weight += 1.0
    before = average.weight.detach().clone()
    ema.update(average, network, 0.999)
    torch.testing.assert_close(average.weight.detach(), before + 0.001)
