import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812  # the name that every PyTorch reader knows
from hypothesis import given
from hypothesis import strategies as st

from train.model.layers import (
    Conv,
    Dense,
    DownConv,
    LatentDense,
    UpConv,
    leaky_relu,
    minibatch_stddev,
    pixel_norm,
)
from train.model.networks import Architecture, Critic, Generator, downscale, upscale


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (8, [14.0, 18.3303, 14.0, 18.3303, 14.0, 18.3303, 14.0, 18.3303]),
        (4, [3.5] * 4),
        (1, [1e-4]),
    ],
)
def test_minibatch_statistics_of_squares_are_the_pinned_ones(n, expected):
    x = torch.arange(n, dtype=torch.float32).square().view(n, 1, 1, 1)
    statistics = minibatch_stddev(x, group=4)[:, -1].flatten()
    torch.testing.assert_close(statistics, torch.tensor(expected), rtol=1e-5, atol=1e-6)


def test_minibatch_statistics_come_last_and_leave_the_features_alone():
    x = torch.randn(8, 5, 4, 4)
    out = minibatch_stddev(x, group=4)
    assert out.shape == (8, 6, 4, 4)
    torch.testing.assert_close(out[:, :5], x, rtol=0, atol=0)


def test_a_minibatch_that_groups_do_not_divide_is_refused():
    with pytest.raises(ValueError, match="a minibatch of 6 cannot be divided into groups of 4"):
        minibatch_stddev(torch.zeros(6, 1, 4, 4), group=4)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(2, 9), st.integers(0, 100))
def test_fused_upscaling_is_doubling_and_the_flipped_kernel(inputs, outputs, side, seed):
    torch.manual_seed(seed)
    layer = UpConv(inputs, outputs).double()
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(2, inputs, side, side, dtype=torch.float64)
    kernel = layer.scaled().transpose(0, 1).flip(2, 3)
    plain = F.conv2d(upscale(x), kernel, layer.bias, padding=1)
    torch.testing.assert_close(layer(x), plain)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 5), st.integers(0, 100))
def test_fused_downscaling_is_the_kernel_and_a_box_mean_with_the_bias_after(inputs, outputs, half, seed):
    torch.manual_seed(seed)
    layer = DownConv(inputs, outputs).double()
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(2, inputs, 2 * half, 2 * half, dtype=torch.float64)
    plain = downscale(F.conv2d(x, layer.scaled(), padding=1)) + layer.bias.view(1, -1, 1, 1)
    torch.testing.assert_close(layer(x), plain)


def test_weights_start_as_standard_normal_and_biases_at_zero():
    architecture = Architecture(32, 64, 512, 64)
    for network in (Generator(architecture), Critic(architecture)):
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                assert not parameter.any()
            elif parameter.numel() > 2000:
                assert parameter.mean().abs() < 0.1
                assert float(parameter.detach().std()) == pytest.approx(1, abs=0.1)


def test_the_leaky_relu_keeps_a_fifth_of_what_is_negative():
    values = torch.tensor([-5.0, -1.0, 0.0, 2.0])
    torch.testing.assert_close(leaky_relu(values.clone()), torch.tensor([-1.0, -0.2, 0.0, 2.0]))


def test_pixel_norm_gives_unit_mean_square():
    x = pixel_norm(torch.randn(3, 16, 4, 4) * 7)
    torch.testing.assert_close(x.square().mean(dim=1), torch.ones(3, 4, 4))


def test_the_scales_of_the_512_px_network_are_the_published_ones():
    assert LatentDense(512, 512).scale == pytest.approx(0.015625)
    published = {512: 0.0208333, 256: 0.0294628, 128: 0.0416667, 64: 0.0589256, 32: 0.0833333}
    for inputs, scale in published.items():
        assert Conv(inputs, 1).scale == pytest.approx(scale, abs=1e-6)
        assert UpConv(inputs, 1).scale == pytest.approx(scale, abs=1e-6)
        assert DownConv(inputs, 1).scale == pytest.approx(scale, abs=1e-6)
    to_rgb = {512: 0.0441942, 256: 0.0625, 128: 0.0883883, 64: 0.125, 32: 0.1767767}
    for inputs, scale in to_rgb.items():
        assert Conv(inputs, 3, kernel=1, gain=1.0).scale == pytest.approx(scale, abs=1e-6)
    assert Conv(3, 32, kernel=1).scale == pytest.approx(0.8164966, abs=1e-6)
    assert Conv(513, 512).scale == pytest.approx(0.0208130, abs=1e-6)
    assert Dense(8192, 512).scale == pytest.approx(1 / 64)
    assert Dense(512, 1, gain=1.0).scale == pytest.approx(0.0441942, abs=1e-6)


@pytest.mark.parametrize(
    ("resolution", "generator", "critic"),
    [(4, 6_556_163, 6_561_793), (64, 22_490_383, 22_498_049), (512, 23_072_120, 23_080_225)],
)
def test_the_networks_have_the_published_numbers_of_parameters(resolution, generator, critic):
    with torch.device("meta"):
        architecture = Architecture(resolution, 512, 8192, 512)
        networks = Generator(architecture), Critic(architecture)
    counts = [sum(parameter.numel() for parameter in network.parameters()) for network in networks]
    assert counts == [generator, critic]


@pytest.mark.parametrize("lod", [0.0, 0.4, 1.0, 1.6, 2.0])
def test_images_have_the_resolution_of_their_lod_and_one_score_each(lod):
    architecture = Architecture(16, 8, 64, 8)
    images = Generator(architecture)(torch.randn(4, 8), lod)
    side = 16 // 2 ** math.floor(lod)
    assert images.shape == (4, 3, side, side)
    assert Critic(architecture)(images, lod).shape == (4,)


def test_a_fade_runs_from_the_old_level_to_the_new_without_a_jump():
    generator = Generator(Architecture(16, 8, 64, 8)).double()
    latents = torch.randn(2, 8, dtype=torch.float64)
    old, barely, nearly, new = (generator(latents, lod) for lod in (2.0, 1.999999, 1.000001, 1.0))
    torch.testing.assert_close(barely, upscale(old), rtol=0, atol=1e-4)
    torch.testing.assert_close(nearly, new, rtol=0, atol=1e-4)
