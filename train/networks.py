"""Generator and critic: all levels exist from the start, and how far they have grown is an argument.

`lod` (level of detail) is 0 at the final resolution and one more at each halving; a fraction t means that the
new level counts 1 - t and the level below it t. Both networks run natively at the resolution of floor(lod).

Source: Karras et al. 2018, section 2 and table 2; docs/conformance.md.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812  # the name that every PyTorch reader knows
from torch import Tensor, nn

from train.layers import Conv, Dense, DownConv, LatentDense, UpConv, leaky_relu, minibatch_stddev, pixel_norm


@dataclass(frozen=True)
class Architecture:
    """What a network's shape follows from."""

    resolution: int  # pixels, final, a power of two
    latent_size: int
    fmap_base: int
    fmap_max: int
    stddev_group: int = 4

    def feature_maps(self, stage: int) -> int:
        """Channels at a stage; the block at resolution 2^r uses stage r - 1."""
        return min(self.fmap_base >> stage, self.fmap_max)

    @property
    def exponents(self) -> range:
        """The r of all resolutions 2^r above 4."""
        return range(3, self.resolution.bit_length())


class GeneratorBlock(nn.Module):
    """Doubles the resolution: (n, inputs, h, w) -> (n, outputs, 2h, 2w)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv0_up = UpConv(inputs, outputs)
        self.conv1 = Conv(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        x = pixel_norm(leaky_relu(self.conv0_up(x)))
        return pixel_norm(leaky_relu(self.conv1(x)))


class Generator(nn.Module):
    """Latent vectors to pictures."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        maps = architecture.feature_maps
        self.dense = LatentDense(architecture.latent_size, maps(1))
        self.conv = Conv(maps(1), maps(1))
        self.blocks = nn.ModuleList(GeneratorBlock(maps(r - 2), maps(r - 1)) for r in architecture.exponents)
        self.to_rgb = nn.ModuleList(
            Conv(maps(r - 1), 3, kernel=1, gain=1.0) for r in (2, *architecture.exponents)
        )

    def forward(self, latents: Tensor, lod: float) -> Tensor:
        """Make pictures.

        Args:
            latents: (n, latent_size), drawn from N(0, 1).
            lod: from 0 (grown to the end) to log2(resolution / 4).

        Returns:
            (n, 3, r, r) with r = resolution / 2^floor(lod); linear, meant for [-1, 1], not clamped.
        """
        steps = len(self.blocks) - math.floor(lod)
        fade = lod - math.floor(lod)
        x = pixel_norm(leaky_relu(self.dense(pixel_norm(latents))))  # (n, c, 4, 4)
        x = pixel_norm(leaky_relu(self.conv(x)))
        below = x
        for block in self.blocks[:steps]:
            below, x = x, block(x)
        pictures: Tensor = self.to_rgb[steps](x)
        if fade:
            pictures = torch.lerp(pictures, upscale(self.to_rgb[steps - 1](below)), fade)
        return pictures


class CriticBlock(nn.Module):
    """Halves the resolution: (n, inputs, h, w) -> (n, outputs, h/2, w/2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv0 = Conv(inputs, inputs)
        self.conv1_down = DownConv(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        return leaky_relu(self.conv1_down(leaky_relu(self.conv0(x))))


class Critic(nn.Module):
    """Pictures to scores: high for real ones."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        maps = architecture.feature_maps
        self.from_rgb = nn.ModuleList(Conv(3, maps(r - 1), kernel=1) for r in (2, *architecture.exponents))
        self.blocks = nn.ModuleList(CriticBlock(maps(r - 1), maps(r - 2)) for r in architecture.exponents)
        self.conv = Conv(maps(1) + 1, maps(1))
        self.dense0 = Dense(maps(1) * 16, maps(0))
        self.dense1 = Dense(maps(0), 1, gain=1.0)

    def forward(self, pictures: Tensor, lod: float) -> Tensor:
        """Score pictures.

        Args:
            pictures: (n, 3, r, r) in [-1, 1] with r = resolution / 2^floor(lod).
            lod: as for the generator.

        Returns:
            (n,) scores, unbounded.
        """
        steps = len(self.blocks) - math.floor(lod)
        fade = lod - math.floor(lod)
        x = leaky_relu(self.from_rgb[steps](pictures))
        if steps:
            x = self.blocks[steps - 1](x)
            if fade:
                x = torch.lerp(x, leaky_relu(self.from_rgb[steps - 1](downscale(pictures))), fade)
        for block in reversed(self.blocks[: max(steps - 1, 0)]):
            x = block(x)
        x = minibatch_stddev(x, self.architecture.stddev_group)  # (n, c + 1, 4, 4)
        x = leaky_relu(self.conv(x))
        x = leaky_relu(self.dense0(x.flatten(1)))
        scores: Tensor = self.dense1(x)  # (n, 1)
        return scores.squeeze(1)


def upscale(pictures: Tensor, factor: int = 2) -> Tensor:
    """Repeat each pixel: (n, c, h, w) -> (n, c, factor h, factor w)."""
    return F.interpolate(pictures, scale_factor=factor, mode="nearest") if factor > 1 else pictures


def downscale(pictures: Tensor, factor: int = 2) -> Tensor:
    """Mean of boxes: (n, c, h, w) -> (n, c, h / factor, w / factor)."""
    return F.avg_pool2d(pictures, factor) if factor > 1 else pictures
