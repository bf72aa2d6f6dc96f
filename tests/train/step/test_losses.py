import pytest
import torch
from torch import nn

from train.model.networks import Architecture, Critic, downscale, upscale
from train.step.losses import critic_loss, generator_loss, norms_of, penalty_target

WEIGHTS = {"gp_target": 2.0, "gp_weight": 10.0, "drift_weight": 0.001}


class Linear(nn.Module):
    """A critic whose gradient is known: score = <weights, image>."""

    def __init__(self, weights: torch.Tensor) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (images * self.weights).sum(dim=(1, 2, 3))

    def trace(self, images, steps, fade, sets=1):
        return Scored(self(images))

    def gradients(self, trace, steps, fade, sets):
        return self.weights.expand(len(trace.scores), *self.weights.shape)


class Scored:
    def __init__(self, scores: torch.Tensor) -> None:
        self.scores, self.logits = scores, scores.new_zeros(len(scores), 0)

    def last(self, n: int) -> "Scored":
        return Scored(self.scores[-n:])


def _linear(n=6):
    torch.manual_seed(0)
    reals, fakes = torch.randn(2, n, 3, 4, 4, dtype=torch.float64)
    mixing = torch.rand(n, 1, 1, 1, dtype=torch.float64)
    return Linear(torch.randn(3, 4, 4, dtype=torch.float64)), reals, fakes, mixing


def test_the_loss_of_a_linear_critic_has_its_closed_form():
    critic, *images = _linear()
    result = critic_loss(critic, *images, 0, None, **WEIGHTS)
    real, fake = critic(images[0]), critic(images[1])
    penalty = 10 * (critic.weights.norm() / 2 - 1) ** 2
    torch.testing.assert_close(result.loss, fake.mean() - real.mean() + penalty + 0.001 * (real**2).mean())
    torch.testing.assert_close(result.score_real, real.mean().detach())
    torch.testing.assert_close(result.score_fake, fake.mean().detach())
    torch.testing.assert_close(result.penalty_norm, critic.weights.norm().detach() / 2)
    torch.testing.assert_close(generator_loss(fake), -fake.mean())


def test_the_logistic_loss_of_a_linear_critic_has_its_closed_form():
    critic, *images = _linear()
    result = critic_loss(critic, *images, 0, None, loss="logistic-r1", **WEIGHTS)
    real, fake = critic(images[0]), critic(images[1])
    expected = (1 + fake.exp()).log().mean() + (1 + (-real).exp()).log().mean()
    torch.testing.assert_close(result.loss, expected + 10 / 2 * (critic.weights.norm() / 2) ** 2)
    torch.testing.assert_close(result.score_real, real.mean().detach())
    torch.testing.assert_close(generator_loss(fake, "logistic-r1"), (1 + (-fake).exp()).log().mean())


def test_the_loss_of_pairs_has_its_closed_form():
    """Each real image against one fake, with the penalty's mean at both."""
    critic, *images = _linear()
    result = critic_loss(critic, *images, 0, None, loss="rpgan-r1-r2", **WEIGHTS)
    real, fake = critic(images[0]), critic(images[1])
    penalty = 10 / 2 * 2 * (critic.weights.norm() / 2) ** 2  # of real images, and as much of fakes
    torch.testing.assert_close(result.loss, (1 + (fake - real).exp()).log().mean() + penalty)
    torch.testing.assert_close(result.score_real, real.mean().detach())
    torch.testing.assert_close(result.score_fake, fake.mean().detach())
    torch.testing.assert_close(
        generator_loss(fake, "rpgan-r1-r2", real), (1 + (real - fake).exp()).log().mean()
    )


def test_the_penalty_of_pairs_is_taken_at_real_images_and_at_fakes():
    torch.manual_seed(1)
    critic = Critic(Architecture(8, 8, 64, 8)).double()
    reals, fakes = torch.randn(2, 4, 3, 8, 8, dtype=torch.float64)
    images = (reals, fakes, torch.zeros(4, 1, 1, 1))
    with_penalty, without = (
        critic_loss(
            *(critic, *images, 1, None), loss="rpgan-r1-r2", gp_target=1.0, gp_weight=weight, drift_weight=0.0
        )
        for weight in (10.0, 0.0)
    )
    squares = []
    for each in (reals, fakes):
        leaf = each.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(critic(leaf, 0.0).sum(), leaf)
        squares.append(gradient.flatten(1).square().sum(1).mean())
    torch.testing.assert_close(with_penalty.loss - without.loss, 10 / 2 * (squares[0] + squares[1]))


def test_a_critic_without_gradient_gives_a_finite_penalty():
    critic = Linear(torch.zeros(3, 4, 4))
    images = torch.randn(4, 3, 4, 4)
    result = critic_loss(critic, images, images, torch.rand(4, 1, 1, 1), 0, None, **WEIGHTS)
    result.loss.backward()
    assert result.loss.item() == pytest.approx(10.0)
    assert torch.isfinite(critic.weights.grad).all()


@pytest.mark.parametrize("label_size", [0, 5])
@pytest.mark.parametrize("lod", [0.0, 0.4, 1.0, 1.75, 2.0])
def test_the_gradients_written_out_are_those_of_automatic_differentiation(lod, label_size):
    """By the images, and by every weight through the penalty's norms: what a double backward would give.

    They are of the scores; the logits of labels have no part in them.
    """
    torch.manual_seed(1)
    critic = Critic(Architecture(16, 8, 128, 16, label_size=label_size)).double()
    for parameter in critic.parameters():
        nn.init.normal_(parameter)  # biases, too
    side = 16 // 2 ** int(lod)
    images = torch.randn(8, 3, side, side, dtype=torch.float64, requires_grad=True)
    (expected,) = torch.autograd.grad(critic(images, lod).sum(), images, create_graph=True)
    steps, fade = critic.architecture.grown(lod)
    gradients = critic.gradients(critic.trace(images.detach(), steps, fade), steps, fade)
    torch.testing.assert_close(gradients, expected, rtol=1e-12, atol=1e-14)
    by_weights = [
        torch.autograd.grad(
            (norms_of(g) - 1).square().mean(),
            list(critic.parameters()),
            allow_unused=True,
            materialize_grads=True,
        )
        for g in (gradients, expected)
    ]
    for ours, theirs in zip(*by_weights, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-14)


def test_images_that_pass_at_once_have_the_scores_that_each_set_has_alone():
    critic = Critic(Architecture(8, 8, 64, 8)).double()
    sets = torch.randn(3, 8, 3, 8, 8, dtype=torch.float64)
    together = critic.trace(sets.flatten(0, 1), 1, 0.3, sets=3).scores
    torch.testing.assert_close(together, torch.cat([critic(one, 0.3) for one in sets]))


@pytest.mark.parametrize("lod", [0.0, 1.0, 2.0])
def test_the_penalty_is_that_of_the_full_resolution(lod):
    """The native norm over its target is the norm by the full-size image, measured directly."""
    critic = Critic(Architecture(16, 8, 64, 8)).double()
    factor = 2 ** int(lod)
    full = upscale(
        torch.randn(4, 3, 16 // factor, 16 // factor, dtype=torch.float64), factor
    ).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(downscale(full, factor), lod).sum(), full)
    steps, fade = critic.architecture.grown(lod)
    gradients = critic.gradients(critic.trace(downscale(full, factor).detach(), steps, fade), steps, fade)
    native = norms_of(gradients) / penalty_target(int(lod), "final")
    torch.testing.assert_close(native.detach(), gradient.flatten(1).norm(dim=1))


def test_the_native_reference_has_target_one_everywhere():
    assert [penalty_target(left, "native") for left in (0, 1, 7)] == [1.0, 1.0, 1.0]
    assert [penalty_target(left, "final") for left in (0, 1, 7)] == [1.0, 2.0, 128.0]


def test_an_image_is_mixed_by_one_factor_and_not_by_one_per_pixel():
    """With mixing 0 the penalty is measured on the real images, with 1 on the fakes."""
    critic = Critic(Architecture(8, 8, 64, 8)).double()
    reals, fakes = torch.randn(2, 4, 3, 8, 8, dtype=torch.float64)
    for share, images in ((0.0, reals), (1.0, fakes)):
        result = critic_loss(
            critic,
            reals,
            fakes,
            torch.full((4, 1, 1, 1), share, dtype=torch.float64),
            *critic.architecture.grown(0.0),
            gp_target=1.0,
            gp_weight=10.0,
            drift_weight=0.0,
        )
        torch.testing.assert_close(
            result.penalty_norm,
            norms_of(critic.gradients(critic.trace(images, 1, None), 1, None)).detach().mean(),
        )
