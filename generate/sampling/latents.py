"""Moves in the latent space: between two latent vectors, and along the principal directions."""

from dataclasses import dataclass

import torch
from torch import Tensor

from train.model.layers import pixel_norm
from train.model.networks import Generator

DIRECTIONS = 8  # principal directions of a generator
ALIGNED = 1e-4  # sine of the angle below which the arc between two vectors is a line


def between(first: Tensor, second: Tensor, share: float) -> Tensor:
    """The point at `share` of the way from one latent vector to another, along the arc between them.

    A straight line passes closer to the origin than the latent vectors of training. The generator normalises
    that away, but images in the middle of the line would change faster than at its ends.

    Args:
        first: (latent_size,).
        second: (latent_size,).
        share: 0 gives `first`, 1 `second`.

    Source: Shoemake 1985; White 2016.
    """
    if share in (0, 1):
        return second if share else first
    cosine = torch.dot(first, second) / (first.norm() * second.norm())
    angle = torch.arccos(cosine.clamp(-1, 1))
    sine = torch.sin(angle)
    if sine < ALIGNED:
        return first + (second - first) * share
    return (torch.sin((1 - share) * angle) * first + torch.sin(share * angle) * second) / sine


@dataclass(frozen=True)
class Directions:
    """Orthogonal directions, ordered by the strength of the generator's first layer along them."""

    vectors: Tensor  # (k, latent_size), unit
    shares: list[float]  # squared strength along each, over that along all directions

    def moved(self, latent: Tensor, moves: list[float]) -> Tensor:
        """A latent vector (latent_size,) moved along the first directions; a label behind it stays.

        A move of 1 has the length of the latent vector: it turns the vector by 45 degrees.
        """
        if not any(moves):
            return latent
        steps = torch.tensor(moves, dtype=torch.float32)
        size = self.vectors.shape[1]
        vector = pixel_norm(latent[None, :size])[0]
        length = size**0.5  # of a normalised latent
        return torch.cat([vector + length * (steps @ self.vectors[: len(moves)]), latent[size:]])


def directions_of(generator: Generator) -> Directions:
    """The principal directions of a generator, strongest first.

    They are the right singular vectors of the first layer's weights. Numbers name them, because nobody knows
    in advance what they change. The sign is free: it makes each vector's largest entry positive.

    Source: Shen and Zhou 2021, "Closed-form factorization of latent semantics in GANs".
    """
    size = generator.architecture.latent_size
    weights = generator.dense.scaled()[:, :size].detach().cpu().double()  # (features, latent_size)
    strengths, vectors = torch.linalg.eigh(weights.T @ weights)
    order = torch.arange(len(strengths) - 1, -1, -1)[:DIRECTIONS]
    kept = vectors.T[order]  # (k, latent_size)
    largest = kept.gather(1, kept.abs().argmax(dim=1, keepdim=True))
    shares = strengths[order] / strengths.sum()
    return Directions((kept * largest.sign()).float(), shares.tolist())
