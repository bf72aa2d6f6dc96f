"""A plain PyTorch port of the published networks, to compare the trainer's speed with.

It doubles and convolves, and convolves and averages, in separate layers. The critic takes three passes, and
the penalty a double backward. It uses PyTorch's own Adam and averages parameter by parameter. As in public
ports, the penalty is at native resolution, and the minibatch deviation is over the whole minibatch.

`python -m benchmarks.train --peer benchmarks/plain_port.py` runs it beside ours.
"""

import copy
import itertools
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812  # the name that every PyTorch reader knows
from torch import Tensor, nn


class Scaled(nn.Module):
    """A convolution or dense layer with its weight scaled at run time."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, gain: float = math.sqrt(2)) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = gain / math.sqrt(inputs * kernel**2)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer."""
        return F.conv2d(x, self.weight * self.scale, self.bias, padding=self.weight.shape[-1] // 2)


def _norm(x: Tensor) -> Tensor:
    return x / (x.pow(2).mean(1, keepdim=True) + 1e-8).sqrt()


class PlainGenerator(nn.Module):
    """Latents to images at the final resolution."""

    def __init__(self, latent_size: int, maps: list[int]) -> None:
        super().__init__()
        self.first = nn.Linear(latent_size, maps[0] * 16)
        self.conv = Scaled(maps[0], maps[0])
        self.pairs = nn.ModuleList(
            nn.ModuleList([Scaled(a, b), Scaled(b, b)]) for a, b in itertools.pairwise(maps)
        )
        self.rgb = Scaled(maps[-1], 3, 1, 1.0)

    def forward(self, latents: Tensor) -> Tensor:
        """(n, latent_size) -> (n, 3, r, r)."""
        x = self.first(_norm(latents)).view(len(latents), -1, 4, 4)
        x = _norm(F.leaky_relu(self.conv(_norm(F.leaky_relu(x, 0.2))), 0.2))
        for pair in self.pairs:
            x = F.interpolate(x, scale_factor=2)
            for conv in pair:  # type: ignore[attr-defined]  # a list of modules
                x = _norm(F.leaky_relu(conv(x), 0.2))
        images: Tensor = self.rgb(x)
        return images


class PlainCritic(nn.Module):
    """Images at the final resolution to scores."""

    def __init__(self, maps: list[int]) -> None:
        super().__init__()
        self.rgb = Scaled(3, maps[-1], 1)
        down = maps[::-1]
        self.pairs = nn.ModuleList(
            nn.ModuleList([Scaled(a, a), Scaled(a, b)]) for a, b in itertools.pairwise(down)
        )
        self.conv = Scaled(maps[0] + 1, maps[0])
        self.hidden = nn.Linear(maps[0] * 16, maps[0])
        self.score = nn.Linear(maps[0], 1)

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, r, r) -> (n,)."""
        x = F.leaky_relu(self.rgb(images), 0.2)
        for pair in self.pairs:
            for conv in pair:  # type: ignore[attr-defined]  # a list of modules
                x = F.leaky_relu(conv(x), 0.2)
            x = F.avg_pool2d(x, 2)
        deviation = (x.var(0, unbiased=False) + 1e-8).sqrt().mean()
        x = torch.cat([x, deviation.expand(len(x), 1, 4, 4)], 1)
        x = F.leaky_relu(self.conv(x), 0.2)
        scores: Tensor = self.score(F.leaky_relu(self.hidden(x.flatten(1)), 0.2))
        return scores.squeeze(1)


def step_of(
    resolution: int, minibatch: int, latent_size: int, maps: list[int], device: str
) -> Callable[[], None]:
    """A function that does one step of critic and generator; `--peer` needs it in a foreign file.

    Args:
        resolution: pixels.
        minibatch: images.
        latent_size: of the generator.
        maps: feature maps at 4, 8, ... `resolution` pixels.
        device: where to train.
    """
    generator, critic = PlainGenerator(latent_size, maps).to(device), PlainCritic(maps).to(device)
    average = copy.deepcopy(generator)
    optimizers = [torch.optim.Adam(n.parameters(), 1e-3, betas=(0.0, 0.99)) for n in (critic, generator)]
    reals = torch.rand(minibatch, 3, resolution, resolution, device=device) * 2 - 1

    def step() -> None:
        with torch.no_grad():
            fakes = generator(torch.randn(minibatch, latent_size, device=device))
        share = torch.rand(minibatch, 1, 1, 1, device=device)
        mixed = (reals + (fakes - reals) * share).requires_grad_()
        (gradient,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
        penalty = 10 * (gradient.flatten(1).norm(dim=1) - 1).pow(2).mean()
        real = critic(reals)
        loss = critic(fakes).mean() - real.mean() + penalty + 1e-3 * real.pow(2).mean()
        optimizers[0].zero_grad()
        loss.backward()
        optimizers[0].step()
        with torch.no_grad():
            for kept, new in zip(average.parameters(), generator.parameters(), strict=True):
                kept.lerp_(new, 0.001)
        loss = -critic(generator(torch.randn(minibatch, latent_size, device=device))).mean()
        optimizers[1].zero_grad()
        loss.backward()
        optimizers[1].step()

    return step
