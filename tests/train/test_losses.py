import pytest
import torch
from torch import nn

from train.losses import critic_loss, generator_loss, gradient_norms, penalty_target
from train.networks import Architecture, Critic, downscale, upscale


class Linear(nn.Module):
    """A critic whose gradient is known: score = <weights, picture>."""

    def __init__(self, weights: torch.Tensor) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights)

    def forward(self, pictures: torch.Tensor, lod: float) -> torch.Tensor:
        return (pictures * self.weights).sum(dim=(1, 2, 3))


def test_the_gradient_norm_of_a_linear_critic_is_its_weight_norm():
    weights = torch.randn(3, 4, 4)
    norms = gradient_norms(Linear(weights), torch.randn(5, 3, 4, 4), 0.0)
    torch.testing.assert_close(norms, weights.norm().expand(5))


def test_the_loss_of_a_linear_critic_has_its_closed_form():
    weights = torch.randn(3, 4, 4, dtype=torch.float64)
    reals, fakes = torch.randn(2, 6, 3, 4, 4, dtype=torch.float64)
    critic = Linear(weights)
    result = critic_loss(
        critic,
        reals,
        fakes,
        torch.rand(6, 1, 1, 1, dtype=torch.float64),
        0.0,
        gp_target=2.0,
        gp_weight=10.0,
        drift_weight=0.001,
    )
    real, fake = critic(reals, 0.0), critic(fakes, 0.0)
    expected = fake.mean() - real.mean() + 10 * (weights.norm() / 2 - 1) ** 2 + 0.001 * (real**2).mean()
    torch.testing.assert_close(result.loss, expected)
    torch.testing.assert_close(generator_loss(critic, fakes, 0.0), -fake.mean())


def test_a_critic_without_gradient_gives_a_finite_penalty():
    critic = Linear(torch.zeros(3, 4, 4))
    pictures = torch.randn(4, 3, 4, 4)
    result = critic_loss(
        critic,
        pictures,
        pictures,
        torch.rand(4, 1, 1, 1),
        0.0,
        gp_target=1.0,
        gp_weight=10.0,
        drift_weight=0.0,
    )
    result.loss.backward()
    assert result.loss.item() == pytest.approx(10.0)
    assert torch.isfinite(critic.weights.grad).all()


@pytest.mark.parametrize("lod", [0.0, 1.0, 2.0])
def test_the_penalty_is_that_of_the_full_resolution(lod):
    """The native norm over its target is the norm by the full-size picture, measured directly."""
    critic = Critic(Architecture(16, 8, 64, 8)).double()
    factor = 2 ** int(lod)
    full = upscale(
        torch.randn(4, 3, 16 // factor, 16 // factor, dtype=torch.float64), factor
    ).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(downscale(full, factor), lod).sum(), full)
    native = gradient_norms(critic, downscale(full, factor), lod) / penalty_target(lod, "final")
    torch.testing.assert_close(native.detach(), gradient.flatten(1).norm(dim=1))


def test_the_native_reference_has_target_one_everywhere():
    assert [penalty_target(lod, "native") for lod in (0.0, 1.5, 7.0)] == [1.0, 1.0, 1.0]
    assert [penalty_target(lod, "final") for lod in (0.0, 1.5, 7.0)] == [1.0, 2.0, 128.0]


def test_a_picture_is_mixed_by_one_factor_and_not_by_one_per_pixel():
    """With mixing 0 the penalty is measured on the real pictures, with 1 on the fakes."""
    critic = Critic(Architecture(8, 8, 64, 8)).double()
    reals, fakes = torch.randn(2, 4, 3, 8, 8, dtype=torch.float64)
    for share, pictures in ((0.0, reals), (1.0, fakes)):
        result = critic_loss(
            critic,
            reals,
            fakes,
            torch.full((4, 1, 1, 1), share, dtype=torch.float64),
            0.0,
            gp_target=1.0,
            gp_weight=10.0,
            drift_weight=0.0,
        )
        torch.testing.assert_close(result.penalty_norm, gradient_norms(critic, pictures, 0.0).detach().mean())
