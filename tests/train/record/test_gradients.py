import pytest
import torch

from train.model.flat import vector_of
from train.model.networks import Architecture, Critic, Generator
from train.record.gradients import norms_by_level, resolution_of

SHAPE = Architecture(32, 8, 64, 8)


def _gradient(network) -> torch.Tensor:
    return vector_of(
        torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        for parameter in network.parameters()
    )


@pytest.mark.parametrize(
    ("name", "resolution"),
    [
        ("dense.weight", 4),
        ("conv.bias", 4),
        ("dense1.weight", 4),
        ("to_rgb.0.weight", 4),
        ("from_rgb.3.bias", 32),
        ("blocks.0.conv0_up.weight", 8),
        ("blocks.2.conv1_down.bias", 32),
    ],
)
def test_a_parameter_belongs_to_the_resolution_at_which_it_works(name, resolution):
    assert resolution_of(name) == resolution


def test_the_norm_of_a_level_is_that_of_all_its_gradients_together():
    network = Generator(SHAPE)
    network(torch.randn(4, 8), 0.5).square().sum().backward()
    sixteen = [*network.blocks[1].parameters(), *network.to_rgb[2].parameters()]
    by_hand = torch.cat([parameter.grad.flatten() for parameter in sixteen]).norm()
    norms = norms_by_level(network, _gradient(network))
    assert list(norms) == [4, 8, 16, 32]
    assert norms[16] == pytest.approx(float(by_hand), rel=1e-5)


@pytest.mark.parametrize(("lod", "levels"), [(3.0, [4]), (2.5, [4, 8]), (2.0, [4, 8]), (0.0, [4, 8, 16, 32])])
def test_levels_that_are_not_reached_are_left_out(lod, levels):
    critic = Critic(SHAPE)
    side = 32 >> int(lod)
    critic(torch.randn(4, 3, side, side), lod).sum().backward()
    assert list(norms_by_level(critic, _gradient(critic))) == levels
