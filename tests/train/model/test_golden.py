"""Networks and losses against values of an independent implementation, checked against the published one."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch

from train.exchange.variables import load_official, official_weights, variables_of
from train.model.networks import Architecture, Critic, Generator, downscale, upscale
from train.step.data import faded, with_labels
from train.step.losses import critic_loss, generator_loss, label_loss, norms_of, penalty_target

LODS = [0.0, 0.3, 1.0, 1.75, 3.0]
TOLERANCE = {torch.float64: 1e-7, torch.float32: 1e-4}  # relative
# Where a unit of the critic lies within 2e-7 of the leaky ReLU's kink, float32 rounds it to the other side;
# the reference is float64. Without labels, so it is at lod 0 with the mixed image 7: the penalty moves by
# 9e-4. With labels, it is at lod 1 with one of the fakes: the generator's gradients move by 1e-3.
KINKS = {("pggan_res32", 0.0, "critic"), ("pggan_labels_res32", 1.0, "generator")}
KINK_TOLERANCE = 2e-3


@pytest.fixture(scope="module", params=["pggan_res32", "pggan_labels_res32"])
def golden(shared, request):
    with np.load(shared / f"golden/{request.param}.npz") as file:
        return {"set": request.param, **{name: file[name] for name in file.files}}


@pytest.fixture(scope="module", params=TOLERANCE, ids=str)
def networks(golden, request):
    resolution, fmap_base, fmap_max, latent_size = (int(number) for number in golden["config"])
    label_size = golden["labels"].shape[1] if "labels" in golden else 0
    architecture = Architecture(resolution, latent_size, fmap_base, fmap_max, label_size=label_size)
    generator = Generator(architecture).to(request.param)
    critic = Critic(architecture).to(request.param)
    load_official(generator, "G", _scope(golden, "param/G/"))
    load_official(critic, "D", _scope(golden, "param/D/"))
    return generator, critic


def _scope(golden: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): value for name, value in golden.items() if name.startswith(prefix)}


def _inputs(golden, network, lod):
    """Latents, reals and mixing factors in the network's precision, and the factor to the full resolution.

    With labels, they follow the latent vectors.
    """
    kind = next(network.parameters()).dtype
    latents, full, mixing = (torch.from_numpy(golden[name]).to(kind) for name in ("z", "reals", "mix"))
    latents = with_labels(latents, _labels(golden).to(kind))
    factor = 2 ** int(lod)
    return latents, faded(downscale(full, factor), lod - int(lod)), mixing, factor


def _labels(golden):
    """(n, label_size), one-hot; of size 0 without labels."""
    return torch.from_numpy(golden["labels"]) if "labels" in golden else torch.zeros(len(golden["z"]), 0)


def _tolerance(golden, network, lod, gradients_of=""):
    kind = next(network.parameters()).dtype
    kink = (golden["set"], lod, gradients_of) in KINKS and kind == torch.float32
    return KINK_TOLERANCE if kink else TOLERANCE[kind]


def _close(actual: torch.Tensor, expected: np.ndarray, tolerance: float) -> None:
    """Within the tolerance of the largest magnitude."""
    tolerance = max(tolerance, 1e-6 if expected.dtype == np.float32 else 0.0)  # the images' own precision
    scale = float(np.abs(expected).max())
    np.testing.assert_allclose(actual.detach().numpy(), expected, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("lod", LODS)
def test_the_generator_makes_the_reference_images(golden, networks, lod):
    generator, _ = networks
    latents, _, _, factor = _inputs(golden, generator, lod)
    tolerance = _tolerance(golden, generator, lod)
    _close(upscale(generator(latents, lod), factor), golden[f"lod{lod:g}/fakes"], tolerance)


@pytest.mark.parametrize("lod", LODS)
def test_the_critic_sees_the_reference_reals_and_scores_them_alike(golden, networks, lod):
    generator, critic = networks
    latents, reals, _, factor = _inputs(golden, generator, lod)
    tolerance = _tolerance(golden, critic, lod)
    _close(upscale(reals, factor), golden[f"lod{lod:g}/reals_in"], tolerance)
    _close(critic(reals, lod), golden[f"lod{lod:g}/scores_real"], tolerance)
    _close(critic(generator(latents, lod), lod), golden[f"lod{lod:g}/scores_fake"], tolerance)


@pytest.mark.parametrize("lod", LODS)
def test_the_critic_gives_the_reference_logits(golden, networks, lod):
    generator, critic = networks
    latents, reals, _, _ = _inputs(golden, generator, lod)
    if not critic.architecture.label_size:
        pytest.skip("a set without labels")
    grown = critic.architecture.grown(lod)
    tolerance = _tolerance(golden, critic, lod)
    _close(critic.trace(reals, *grown).logits, golden[f"lod{lod:g}/logits_real"], tolerance)
    fakes = critic.trace(generator(latents, lod), *grown).logits
    _close(fakes, golden[f"lod{lod:g}/logits_fake"], tolerance)


@pytest.mark.parametrize("lod", LODS)
def test_the_native_gradient_norm_over_its_target_is_the_full_resolution_norm(golden, networks, lod):
    generator, critic = networks
    latents, reals, mixing, _ = _inputs(golden, generator, lod)
    mixed = torch.lerp(reals, generator(latents, lod).detach(), mixing)
    steps, fade = critic.architecture.grown(lod)
    gradients = critic.gradients(critic.trace(mixed, steps, fade), steps, fade)
    norms = norms_of(gradients) / penalty_target(int(lod), "final")
    _close(norms, golden[f"lod{lod:g}/gp_norms"], _tolerance(golden, critic, lod, "critic"))


@pytest.mark.parametrize("lod", LODS)
def test_the_critic_loss_and_its_gradients_are_the_reference_ones(golden, networks, lod):
    generator, critic = networks
    latents, reals, mixing, _ = _inputs(golden, generator, lod)
    tolerance = _tolerance(golden, critic, lod, "critic")
    critic.zero_grad()
    result = critic_loss(
        critic,
        reals,
        generator(latents, lod).detach(),
        mixing,
        *critic.architecture.grown(lod),
        gp_target=penalty_target(int(lod), "final"),
        gp_weight=10.0,
        drift_weight=0.001,
    )
    loss = result.loss
    if critic.architecture.label_size:
        loss = loss + sum(label_loss(logits, _labels(golden)) for logits in result.logits)
    _close(loss, golden[f"lod{lod:g}/d_loss"], tolerance)
    loss.backward()
    _compare_gradients(critic, "D", _scope(golden, f"lod{lod:g}/d_grad_norm/"), tolerance)


@pytest.mark.parametrize("lod", LODS)
def test_the_generator_loss_and_its_gradients_are_the_reference_ones(golden, networks, lod):
    generator, critic = networks
    latents, *_ = _inputs(golden, generator, lod)
    tolerance = _tolerance(golden, generator, lod, "generator")
    generator.zero_grad()
    trace = critic.trace(generator(latents, lod), *critic.architecture.grown(lod))
    loss = generator_loss(trace.scores)
    if critic.architecture.label_size:
        loss = loss + label_loss(trace.logits, _labels(golden))
    _close(loss, golden[f"lod{lod:g}/g_loss"], tolerance)
    loss.backward()
    _compare_gradients(generator, "G", _scope(golden, f"lod{lod:g}/g_grad_norm/"), tolerance)


def _compare_gradients(network, letter, expected, tolerance):
    parameters = dict(network.named_parameters())
    compared = 0
    for variable in variables_of(letter, network.architecture):
        for part in ("weight", "bias"):
            gradient = parameters[f"{variable.ours}.{part}"].grad
            norm = 0.0 if gradient is None else float(gradient.norm())
            name = f"{letter}/{variable.official}/{part}"
            assert norm == pytest.approx(float(expected[name]), rel=tolerance, abs=1e-7), name
            compared += 1
    assert compared == len(expected)


def test_weights_go_out_under_the_official_names_as_they_came_in(golden, networks):
    for letter, network in zip("GD", networks, strict=True):
        came = _scope(golden, f"param/{letter}/")
        went = official_weights(network, letter)
        assert went.keys() == came.keys()
        for name, value in came.items():
            np.testing.assert_array_equal(went[name], value.astype(went[name].dtype))
