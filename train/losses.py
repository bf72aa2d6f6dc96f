"""The Wasserstein losses with gradient penalty and drift.

Source: Karras et al. 2018, section A.1; Gulrajani et al. 2017; docs/conformance.md.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from train.networks import Critic


@dataclass(frozen=True)
class CriticLoss:
    """The critic's loss and the parts worth watching; tensors without gradient but for `loss`."""

    loss: Tensor  # scalar
    score_real: Tensor  # scalar, mean
    score_fake: Tensor  # scalar, mean
    penalty_norm: Tensor  # scalar, mean gradient norm over its target; 1 is where the penalty is zero


def critic_loss(
    critic: Critic,
    reals: Tensor,
    fakes: Tensor,
    mixing: Tensor,
    lod: float,
    *,
    gp_target: float,
    gp_weight: float,
    drift_weight: float,
) -> CriticLoss:
    """What the critic minimises.

    Args:
        critic: the network.
        reals: (n, 3, r, r) in [-1, 1], r the native resolution at `lod`.
        fakes: (n, 3, r, r), without gradient.
        mixing: (n, 1, 1, 1) in [0, 1]; 0 takes the real picture, 1 the fake.
        lod: level of detail.
        gp_target: the gradient norm without penalty, see `penalty_target`.
        gp_weight: of the gradient penalty.
        drift_weight: of the squared scores of real pictures.
    """
    scores_real, scores_fake = critic(reals, lod), critic(fakes, lod)
    norms = gradient_norms(critic, torch.lerp(reals, fakes, mixing), lod) / gp_target
    loss = (
        scores_fake.mean()
        - scores_real.mean()
        + gp_weight * (norms - 1).square().mean()
        + drift_weight * scores_real.square().mean()
    )
    return CriticLoss(loss, scores_real.detach().mean(), scores_fake.detach().mean(), norms.detach().mean())


def generator_loss(critic: Critic, fakes: Tensor, lod: float) -> Tensor:
    """What the generator minimises: the mean of -score, a scalar."""
    scores: Tensor = critic(fakes, lod)
    return -scores.mean()


def gradient_norms(critic: Critic, pictures: Tensor, lod: float) -> Tensor:
    """L2 norms (n,) of the gradient of the summed scores by each picture; differentiable."""
    pictures = pictures.detach().requires_grad_()
    (gradients,) = torch.autograd.grad(critic(pictures, lod).sum(), pictures, create_graph=True)
    norms: Tensor = torch.linalg.vector_norm(gradients.flatten(1), dim=1)
    return norms


def penalty_target(lod: float, gp_reference: str) -> float:
    """The native gradient norm that corresponds to 1 at the reference resolution.

    Published networks see pictures repeated up to the final resolution, 2^floor(lod) times larger than
    native, and measure the gradient there. The norm there is the native norm over that factor.
    """
    return float(2 ** math.floor(lod)) if gp_reference == "final" else 1.0
