"""Networks and losses against the published ones in their plainest form, which needs no reference files.

Plain means: all levels run at every lod, images have the final size, nothing is fused, each group of the
minibatch is picked by hand, and the gradient penalty asks automatic differentiation twice.
"""

import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812  # the name that every PyTorch reader knows
from torch import nn

from train.model.networks import Architecture, Critic, Generator
from train.step.losses import critic_loss, generator_loss, penalty_target

LODS = [0.0, 0.3, 1.0, 1.75, 2.0]
RESOLUTION = 16
TOP = 4  # log2 of it
ROOT2 = math.sqrt(2)


@pytest.fixture(scope="module")
def networks():
    """With feature maps that differ from level to level, and biases that are not zero."""
    torch.manual_seed(5)
    architecture = Architecture(RESOLUTION, 12, 64, 10)
    assert [architecture.feature_maps(stage) for stage in range(4)] == [10, 10, 10, 8]
    generator, critic = Generator(architecture).double(), Critic(architecture).double()
    for network in (generator, critic):
        for parameter in network.parameters():
            nn.init.normal_(parameter)
    return generator, critic


def _weight(layer, fan_in, gain):
    return layer.weight * (gain / math.sqrt(fan_in))


def _conv(layer, x, gain=ROOT2):
    _, inputs, kernel, _ = layer.weight.shape
    weight = _weight(layer, inputs * kernel * kernel, gain)
    return F.conv2d(x, weight, padding=kernel // 2)


def _biased(layer, x):
    return x + layer.bias.view(1, -1, 1, 1)


def _leak(x):
    return torch.maximum(x, 0.2 * x)


def _norm(x):
    return x / (x.pow(2).mean(1, keepdim=True) + 1e-8).sqrt()


def _double(x, times=1):
    for _ in range(times):
        x = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    return x


def _halve(x, times=1):
    for _ in range(times):
        x = (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4
    return x


def _clipped(one, other, share):
    return one + (other - one) * min(max(share, 0.0), 1.0)


def plain_generator(network, latents, lod):
    """Images (n, 3, 16, 16): every block runs, and the lod decides which colours are seen."""
    x = _norm(latents) @ _weight(network.dense, latents.shape[1], ROOT2 / 4).t()
    x = _norm(_leak(_biased(network.dense, x.reshape(len(latents), -1, 4, 4))))
    x = _norm(_leak(_biased(network.conv, _conv(network.conv, x))))
    images = _biased(network.to_rgb[0], _conv(network.to_rgb[0], x, gain=1.0))
    for place, block in enumerate(network.blocks, start=1):
        inputs = block.conv0_up.weight.shape[0]
        kernel = _weight(block.conv0_up, inputs * 9, ROOT2).transpose(0, 1).flip(2, 3)
        x = _norm(_leak(_biased(block.conv0_up, F.conv2d(_double(x), kernel, padding=1))))
        x = _norm(_leak(_biased(block.conv1, _conv(block.conv1, x))))
        colours = _biased(network.to_rgb[place], _conv(network.to_rgb[place], x, gain=1.0))
        images = _clipped(colours, _double(images), lod - (TOP - 2 - place))
    return images


def plain_critic(network, images, lod):
    """Scores (n,) of images (n, 3, 16, 16), by way of every block."""

    def entry(place, seen):
        return _leak(_biased(network.from_rgb[place], _conv(network.from_rgb[place], seen)))

    x = entry(TOP - 2, images)
    for place in reversed(range(1, TOP - 1)):
        block = network.blocks[place - 1]
        x = _leak(_biased(block.conv0, _conv(block.conv0, x)))
        x = _leak(_biased(block.conv1_down, _halve(_conv(block.conv1_down, x))))
        images = _halve(images)
        x = _clipped(x, entry(place - 1, images), lod - (TOP - 2 - place))
    x = torch.cat([x, _plain_deviation(x)], dim=1)
    x = _leak(_biased(network.conv, _conv(network.conv, x))).reshape(len(x), -1)
    x = _leak(x @ _weight(network.dense0, x.shape[1], ROOT2).t() + network.dense0.bias)
    return (x @ _weight(network.dense1, x.shape[1], 1.0).t() + network.dense1.bias)[:, 0]


def _plain_deviation(x, size=4):
    groups = len(x) // size
    maps = torch.empty(len(x), 1, 4, 4, dtype=x.dtype)
    for group in range(groups):
        members = [n for n in range(len(x)) if n % groups == group]
        deviation = (x[members].var(dim=0, unbiased=False) + 1e-8).sqrt().mean()
        maps = maps.index_put((torch.tensor(members),), deviation)
    return maps


def plain_critic_loss(network, reals, fakes, mixing, lod):
    """The published loss; the penalty is measured on images of the final size, against 1."""
    seen = (reals + (fakes - reals) * mixing).requires_grad_()
    (slope,) = torch.autograd.grad(plain_critic(network, seen, lod).sum(), seen, create_graph=True)
    norms = slope.pow(2).sum(dim=(1, 2, 3)).sqrt()
    real, fake = (plain_critic(network, images, lod) for images in (reals, fakes))
    return (fake - real + 10 * (norms - 1) ** 2 + 0.001 * real**2).mean()


@pytest.mark.parametrize("lod", LODS)
def test_the_generator_is_the_plain_one(networks, lod):
    generator, _ = networks
    latents = torch.randn(4, 12, dtype=torch.float64)
    torch.testing.assert_close(
        _double(generator(latents, lod), int(lod)), plain_generator(generator, latents, lod)
    )


@pytest.mark.parametrize("lod", LODS)
def test_the_critic_is_the_plain_one(networks, lod):
    _, critic = networks
    native = torch.randn(8, 3, RESOLUTION >> int(lod), RESOLUTION >> int(lod), dtype=torch.float64)
    torch.testing.assert_close(
        critic(native, lod), plain_critic(critic, _double(native, int(lod)), lod), rtol=1e-10, atol=1e-10
    )


@pytest.mark.parametrize("lod", LODS)
def test_the_loss_at_native_size_and_its_gradients_are_those_of_the_plain_one_at_the_final_size(
    networks, lod
):
    """Including what the penalty says about every weight."""
    _, critic = networks
    side = RESOLUTION >> int(lod)
    reals, fakes = torch.randn(2, 8, 3, side, side, dtype=torch.float64)
    mixing = torch.rand(8, 1, 1, 1, dtype=torch.float64)
    ours = critic_loss(
        critic,
        reals,
        fakes,
        mixing,
        *critic.architecture.grown(lod),
        gp_target=penalty_target(int(lod), "final"),
        gp_weight=10.0,
        drift_weight=0.001,
    ).loss
    theirs = plain_critic_loss(critic, _double(reals, int(lod)), _double(fakes, int(lod)), mixing, lod)
    torch.testing.assert_close(ours, theirs)
    for one, other in zip(_slopes(ours, critic), _slopes(theirs, critic), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("lod", [0.3, 2.0])
def test_the_generators_loss_and_its_gradients_are_the_plain_ones(networks, lod):
    generator, critic = networks
    latents = torch.randn(8, 12, dtype=torch.float64)
    ours = generator_loss(critic(generator(latents, lod), lod))
    theirs = -plain_critic(critic, plain_generator(generator, latents, lod), lod).mean()
    torch.testing.assert_close(ours, theirs)
    for one, other in zip(_slopes(ours, generator), _slopes(theirs, generator), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)


def _slopes(loss, network):
    return torch.autograd.grad(loss, list(network.parameters()), allow_unused=True, materialize_grads=True)
