"""What critic and generator minimise: Wasserstein losses with gradient penalty, or logistic ones with R1.

With labels, the cross-entropy of the critic's logits is added to both (Odena et al. 2017, AC-GAN).

Source: Karras et al. 2018, section A.1; Gulrajani et al. 2017; Mescheder et al. 2018; Huang et al. 2024, "The
GAN is dead; long live the GAN!" (relativistic pairing); docs/reference/conformance.md.
"""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812  # the name that every PyTorch reader knows
from torch import Tensor

from train.model.networks import Critic

LossName = Literal["wgan-gp", "logistic-r1", "rpgan-r1-r2"]


@dataclass(frozen=True)
class CriticLoss:
    """The critic's loss and the parts worth watching; only `loss` and `logits` have a gradient."""

    loss: Tensor  # scalar, without that of labels
    score_real: Tensor  # scalar, mean
    score_fake: Tensor  # scalar, mean
    penalty_norm: Tensor  # scalar, mean gradient norm over its target; 1 is where WGAN-GP's penalty is zero
    logits: tuple[Tensor, Tensor]  # (n, label_size) of real images, and of fakes


def critic_loss(
    critic: Critic,
    reals: Tensor,
    fakes: Tensor,
    mixing: Tensor,
    steps: int,
    fade: Tensor | float | None,
    *,
    loss: LossName = "wgan-gp",
    gp_target: float,
    gp_weight: float,
    drift_weight: float,
) -> CriticLoss:
    """What the critic minimises.

    All images pass the critic at once, each set with groups of its own for the minibatch deviation.

    Args:
        critic: the network.
        reals: (n, 3, r, r) in [-1, 1], r = 4 * 2^steps.
        fakes: (n, 3, r, r), without gradient.
        mixing: (n, 1, 1, 1) in [0, 1]; 0 takes the real image, 1 the fake. Used by WGAN-GP alone.
        steps: how often the resolution has doubled.
        fade: the share of the level below, None outside a transition.
        loss: `wgan-gp`: the gradient penalty at mixed images and the drift; `logistic-r1`: R1 at real ones;
            `rpgan-r1-r2`: each real image against one fake, R1 at real ones and R2 at fakes.
        gp_target: the native gradient norm that counts as 1, see `penalty_target`.
        gp_weight: of the gradient penalty.
        drift_weight: of the squared scores of real images.
    """
    n = len(reals)
    if loss == "wgan-gp":
        trace = critic.trace(torch.cat([reals, fakes, torch.lerp(reals, fakes, mixing)]), steps, fade, sets=3)
    else:
        trace = critic.trace(torch.cat([fakes, reals]), steps, fade, sets=2)
    penalised, sets = (trace, 2) if loss == "rpgan-r1-r2" else (trace.last(n), 1)
    norms = norms_of(critic.gradients(penalised, steps, fade, sets)) / gp_target
    if loss == "wgan-gp":
        real, fake, _ = trace.scores.chunk(3)
        logits_real, logits_fake, _ = trace.logits.chunk(3)
        total = fake.mean() - real.mean() + gp_weight * (norms - 1).square().mean()
        total = total + drift_weight * real.square().mean()
    else:
        fake, real = trace.scores.chunk(2)
        logits_fake, logits_real = trace.logits.chunk(2)
        if loss == "rpgan-r1-r2":
            total = F.softplus(fake - real).mean() + gp_weight * norms.square().mean()  # over 2n
        else:
            total = F.softplus(fake).mean() + F.softplus(-real).mean() + gp_weight / 2 * norms.square().mean()
    score_real, score_fake, norm = (values.detach().mean() for values in (real, fake, norms))
    return CriticLoss(total, score_real, score_fake, norm, (logits_real, logits_fake))


def generator_loss(scores: Tensor, loss: LossName = "wgan-gp", reals: Tensor | None = None) -> Tensor:
    """What the generator minimises: a scalar, without that of labels.

    Args:
        scores: (n,) of its images.
        loss: as for the critic.
        reals: (n,) scores of real images, for `rpgan-r1-r2`.
    """
    if loss == "wgan-gp":
        return -scores.mean()
    return F.softplus(-scores if reals is None else reals - scores).mean()


def label_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean softmax cross-entropy of logits (n, label_size) by one-hot labels: a scalar.

    A label without a one, of an image without a label, counts zero.
    """
    return F.cross_entropy(logits, labels.to(logits.dtype))


def norms_of(gradients: Tensor) -> Tensor:
    """L2 norms (n,) of (n, ...), in float32 at least; at zero they have the gradient zero."""
    flat = gradients.flatten(1)
    norms: Tensor = torch.linalg.vector_norm(flat.float() if flat.dtype != torch.float64 else flat, dim=1)
    return norms


def penalty_target(doublings_left: int, gp_reference: str) -> float:
    """The native gradient norm that corresponds to 1 at the reference resolution.

    Published networks see images repeated up to the final resolution, 2^doublings_left times larger than
    native, and measure the gradient there. The norm there is the native norm over that factor.
    """
    return float(2**doublings_left) if gp_reference == "final" else 1.0
