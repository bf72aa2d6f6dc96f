"""Networks and losses against values of an independent implementation that was checked against the published one."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch

from train.data import faded
from train.losses import critic_loss, generator_loss, gradient_norms, penalty_target
from train.networks import Architecture, Critic, Generator, downscale, upscale
from train.official import load_official, official_weights, variables_of

LODS = [0.0, 0.3, 1.0, 1.75, 3.0]
TOLERANCE = 1e-4  # relative, in float32


@pytest.fixture(scope="module")
def golden(shared):
    with np.load(shared / "golden/pggan_res32.npz") as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(scope="module")
def networks(golden):
    resolution, fmap_base, fmap_max, latent_size = (int(number) for number in golden["config"])
    architecture = Architecture(resolution, latent_size, fmap_base, fmap_max)
    generator, critic = Generator(architecture), Critic(architecture)
    load_official(generator, "G", _scope(golden, "param/G/"))
    load_official(critic, "D", _scope(golden, "param/D/"))
    return generator, critic


def _scope(golden: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): value for name, value in golden.items() if name.startswith(prefix)}


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(array)).float()


def _inputs(golden, generator, lod):
    floor = int(lod)
    reals = faded(downscale(_tensor(golden["reals"]), 2**floor), lod - floor)
    with torch.no_grad():
        fakes = generator(_tensor(golden["z"]), lod)
    return reals, fakes, _tensor(golden["mix"]), 2**floor


def _close(actual: torch.Tensor, expected: np.ndarray) -> None:
    """Within the tolerance of the largest magnitude."""
    scale = max(float(np.abs(expected).max()), 1e-12)
    np.testing.assert_allclose(actual.detach().numpy(), expected, rtol=TOLERANCE, atol=TOLERANCE * scale)


@pytest.mark.parametrize("lod", LODS)
def test_the_generator_makes_the_reference_pictures(golden, networks, lod):
    generator, _ = networks
    _, fakes, _, factor = _inputs(golden, generator, lod)
    _close(upscale(fakes, factor), golden[f"lod{lod:g}/fakes"])


@pytest.mark.parametrize("lod", LODS)
def test_the_critic_sees_the_reference_reals_and_scores_them_alike(golden, networks, lod):
    generator, critic = networks
    reals, fakes, _, factor = _inputs(golden, generator, lod)
    _close(upscale(reals, factor), golden[f"lod{lod:g}/reals_in"])
    _close(critic(reals, lod), golden[f"lod{lod:g}/scores_real"])
    _close(critic(fakes, lod), golden[f"lod{lod:g}/scores_fake"])


@pytest.mark.parametrize("lod", LODS)
def test_the_native_gradient_norm_over_its_target_is_the_full_resolution_norm(golden, networks, lod):
    generator, critic = networks
    reals, fakes, mixing, _ = _inputs(golden, generator, lod)
    norms = gradient_norms(critic, torch.lerp(reals, fakes, mixing), lod) / penalty_target(lod, "final")
    _close(norms, golden[f"lod{lod:g}/gp_norms"])


@pytest.mark.parametrize("lod", LODS)
def test_the_critic_loss_and_its_gradients_are_the_reference_ones(golden, networks, lod):
    generator, critic = networks
    reals, fakes, mixing, _ = _inputs(golden, generator, lod)
    critic.zero_grad()
    result = critic_loss(
        critic,
        reals,
        fakes,
        mixing,
        lod,
        gp_target=penalty_target(lod, "final"),
        gp_weight=10.0,
        drift_weight=0.001,
    )
    _close(result.loss, golden[f"lod{lod:g}/d_loss"])
    result.loss.backward()
    _compare_gradients(critic, "D", golden, f"lod{lod:g}/d_grad_norm/")


@pytest.mark.parametrize("lod", LODS)
def test_the_generator_loss_and_its_gradients_are_the_reference_ones(golden, networks, lod):
    generator, critic = networks
    generator.zero_grad()
    loss = generator_loss(critic, generator(_tensor(golden["z"]), lod), lod)
    _close(loss, golden[f"lod{lod:g}/g_loss"])
    loss.backward()
    _compare_gradients(generator, "G", golden, f"lod{lod:g}/g_grad_norm/")


def _compare_gradients(network, letter, golden, prefix):
    expected = _scope(golden, prefix)
    parameters = dict(network.named_parameters())
    compared = 0
    for variable in variables_of(letter, network.architecture):
        for part in ("weight", "bias"):
            gradient = parameters[f"{variable.ours}.{part}"].grad
            norm = 0.0 if gradient is None else float(gradient.norm())
            name = next(key for key in expected if key.endswith(f"{variable.official}/{part}"))
            assert norm == pytest.approx(float(expected[name]), rel=TOLERANCE, abs=1e-7), name
            compared += 1
    assert compared == len(expected)


def test_weights_go_out_under_the_official_names_as_they_came_in(golden, networks):
    for letter, network in zip("GD", networks, strict=True):
        came = _scope(golden, f"param/{letter}/")
        went = official_weights(network, letter)
        assert went.keys() == came.keys()
        for name, value in came.items():
            np.testing.assert_array_equal(went[name], value.astype(np.float32))
