"""Generator and critic: all levels exist from the start, and how far they have grown is an argument.

`lod` (level of detail) is 0 at the final resolution and one more at each halving; a fraction t means that the
new level counts 1 - t and the level below it t. Both networks run natively at the resolution of floor(lod).

Source: Karras et al. 2018, section 2 and table 2; docs/reference/conformance.md.
"""

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # the name that every PyTorch reader knows
from torch import Tensor, nn

from fashion_pggan.storage.shards import Images
from train.model.layers import (
    Conv,
    Dense,
    DownConv,
    LatentDense,
    UpConv,
    leaky_relu,
    leaky_relu_pullback,
    minibatch_stddev,
    minibatch_stddev_pullback,
    pixel_norm,
)
from train.model.precision import autocast


@dataclass(frozen=True)
class Architecture:
    """The numbers that fix a network's shape."""

    resolution: int  # pixels, final, a power of two
    latent_size: int  # length of a latent vector
    fmap_base: int  # a layer has min(fmap_base / 2^stage, fmap_max) feature maps
    fmap_max: int  # most feature maps of a layer
    stddev_group: int = 4  # images in a group of the minibatch standard deviation
    label_size: int = 0  # length of a one-hot label; 0: without labels

    def feature_maps(self, stage: int) -> int:
        """Channels at a stage; the block at resolution 2^r uses stage r - 1."""
        return min(self.fmap_base >> stage, self.fmap_max)

    @property
    def exponents(self) -> range:
        """The r of all resolutions 2^r above 4."""
        return range(3, self.resolution.bit_length())

    def grown(self, lod: float) -> tuple[int, float | None]:
        """How often the resolution doubles at a lod, and the share of the level below (None: no fade)."""
        return len(self.exponents) - math.floor(lod), lod - math.floor(lod) or None


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
    """Latent vectors to images. With labels, a one-hot label follows each latent vector."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        maps = architecture.feature_maps
        self.dense = LatentDense(architecture.latent_size + architecture.label_size, maps(1))
        self.conv = Conv(maps(1), maps(1))
        self.blocks = nn.ModuleList(GeneratorBlock(maps(r - 2), maps(r - 1)) for r in architecture.exponents)
        self.to_rgb = nn.ModuleList(
            Conv(maps(r - 1), 3, kernel=1, gain=1.0) for r in (2, *architecture.exponents)
        )

    def forward(self, latents: Tensor, lod: float) -> Tensor:
        """Make images.

        Args:
            latents: (n, latent_size + label_size): latent vectors drawn from N(0, 1), then labels.
            lod: from 0 (grown to the end) to log2(resolution / 4).

        Returns:
            (n, 3, r, r) with r = resolution / 2^floor(lod); linear, meant for [-1, 1], not clamped.
        """
        return self.at(latents, *self.architecture.grown(lod))

    def at(self, latents: Tensor, steps: int, fade: Tensor | float | None) -> Tensor:
        """Make images of 4 * 2^steps pixels; `fade` is the share of the level below, None: no fade."""
        x = pixel_norm(leaky_relu(self.dense(pixel_norm(latents))))  # (n, c, 4, 4)
        x = pixel_norm(leaky_relu(self.conv(x)))
        below = x
        for block in self.blocks[:steps]:
            below, x = x, block(x)
        images: Tensor = self.to_rgb[steps](x)
        if fade is not None:
            images = mixed(images, upscale(self.to_rgb[steps - 1](below)), fade)
        return images


class CriticBlock(nn.Module):
    """Halves the resolution: (n, inputs, h, w) -> (n, outputs, h/2, w/2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv0 = Conv(inputs, inputs)
        self.conv1_down = DownConv(inputs, outputs)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Apply the block; returns its inner activation, too."""
        inside = leaky_relu(self.conv0(x))
        return inside, leaky_relu(self.conv1_down(inside))

    def pullback(self, gradient: Tensor, inside: Tensor, output: Tensor) -> Tensor:
        """The gradient by the input, from the one by the output."""
        gradient = self.conv1_down.pullback(leaky_relu_pullback(gradient, output))
        return self.conv0.pullback(leaky_relu_pullback(gradient, inside))


@dataclass
class Trace:
    """Activations kept from a pass through the critic: the outputs of its leaky ReLUs."""

    entry: Tensor  # (n, c, r, r), the images' features
    entry_below: Tensor | None  # (n, c, r/2, r/2), those of the level below, in a fade
    blocks: list[tuple[Tensor, Tensor]]  # inside and output of each block, from the finest on
    smallest: Tensor  # (n, c, 4, 4), before the minibatch standard deviation
    conv: Tensor  # (n, c, 4, 4)
    dense: Tensor  # (n, c)
    scores: Tensor  # (n,)
    logits: Tensor  # (n, label_size)

    def last(self, n: int) -> "Trace":
        """Of the last n images alone."""
        return Trace(
            self.entry[-n:],
            None if self.entry_below is None else self.entry_below[-n:],
            [(inside[-n:], output[-n:]) for inside, output in self.blocks],
            *(kept[-n:] for kept in (self.smallest, self.conv, self.dense, self.scores, self.logits)),
        )


class Critic(nn.Module):
    """Images to scores, high for real ones, and with labels to the logits of their classes."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        maps = architecture.feature_maps
        self.from_rgb = nn.ModuleList(Conv(3, maps(r - 1), kernel=1) for r in (2, *architecture.exponents))
        self.blocks = nn.ModuleList(CriticBlock(maps(r - 1), maps(r - 2)) for r in architecture.exponents)
        self.conv = Conv(maps(1) + 1, maps(1))
        self.dense0 = Dense(maps(1) * 16, maps(0))
        self.dense1 = Dense(maps(0), 1 + architecture.label_size, gain=1.0)

    def forward(self, images: Tensor, lod: float) -> Tensor:
        """Score images.

        Args:
            images: (n, 3, r, r) in [-1, 1] with r = resolution / 2^floor(lod).
            lod: as for the generator.

        Returns:
            (n,) scores, unbounded.
        """
        return self.trace(images, *self.architecture.grown(lod)).scores

    def trace(self, images: Tensor, steps: int, fade: Tensor | float | None, sets: int = 1) -> Trace:
        """Score images of 4 * 2^steps pixels and keep what `gradients` needs.

        Args:
            images: (n, 3, r, r).
            steps: how often the resolution doubles from 4 px on.
            fade: the share of the level below, None outside a transition.
            sets: minibatches that lie one behind the other in `images`.
        """
        entry = leaky_relu(self.from_rgb[steps](images))
        below, x, passed = None, entry, []
        for place in reversed(range(steps)):
            passed.append(self.blocks[place](x))
            x = passed[-1][1]
            if fade is not None and place == steps - 1:
                below = leaky_relu(self.from_rgb[place](downscale(images)))
                x = mixed(x, below, fade)
        conv = leaky_relu(self.conv(minibatch_stddev(x, self.architecture.stddev_group, sets)))
        dense = leaky_relu(self.dense0(conv.flatten(1)))
        with autocast(dense.device, enabled=False):
            last = self.dense1(dense.to(self.dense1.weight.dtype))  # (n, 1 + label_size)
        return Trace(entry, below, passed, x, conv, dense, last[:, 0], last[:, 1:])

    def gradients(self, trace: Trace, steps: int, fade: Tensor | float | None, sets: int = 1) -> Tensor:
        """The gradient of the sum of a trace's scores by its images.

        Written out layer by layer, so that it can be differentiated by the weights like any other pass.

        Args:
            trace: of a pass, or of its last images.
            steps: of that pass.
            fade: of that pass.
            sets: minibatches in the trace.

        Returns:
            (n, 3, r, r).
        """
        blocks, from_rgb = cast("list[CriticBlock]", self.blocks), cast("list[Conv]", self.from_rgb)
        of_scores = F.pad(torch.ones_like(trace.scores).unsqueeze(1), (0, self.architecture.label_size))
        g = self.dense1.pullback(of_scores)  # (n, c)
        g = self.dense0.pullback(leaky_relu_pullback(g, trace.dense)).view_as(trace.conv)  # (n, c, 4, 4)
        g = self.conv.pullback(leaky_relu_pullback(g, trace.conv))  # (n, c + 1, 4, 4)
        g = minibatch_stddev_pullback(g, trace.smallest, self.architecture.stddev_group, sets)
        of_below = None
        for place, (inside, output) in enumerate(reversed(trace.blocks)):
            if trace.entry_below is not None and fade is not None and place == steps - 1:
                of_below, g = fade * g, (1 - fade) * g
            g = blocks[place].pullback(g, inside, output)
        g = from_rgb[steps].pullback(leaky_relu_pullback(g, trace.entry))
        if trace.entry_below is not None and of_below is not None:
            below = from_rgb[steps - 1].pullback(leaky_relu_pullback(of_below, trace.entry_below))
            g = g + upscale(below) / 4
        return g


def mixed(here: Tensor, below: Tensor, fade: Tensor | float) -> Tensor:
    """Blend two levels in a transition, with the share `fade` of the level below."""
    return here + (below - here) * fade


def upscale(images: Tensor, factor: int = 2) -> Tensor:
    """Repeat each pixel: (n, c, h, w) -> (n, c, factor h, factor w).

    Not F.interpolate: compiled for the CPU in bfloat16, PyTorch 2.13 gives it a gradient of zero.
    """
    if factor == 1:
        return images
    _, _, height, width = images.shape
    spread = images[:, :, :, None, :, None].expand(-1, -1, -1, factor, -1, factor)
    return spread.reshape(*images.shape[:2], height * factor, width * factor)


def downscale(images: Tensor, factor: int = 2) -> Tensor:
    """Mean of boxes: (n, c, h, w) -> (n, c, h / factor, w / factor)."""
    return F.avg_pool2d(images, factor) if factor > 1 else images


def as_pixels(images: Tensor) -> Images:
    """(n, 3, h, w) in [-1, 1] to (n, h, w, 3) uint8: rounded half to even, clamped, as published."""
    pixels = (images.float() * 127.5 + 127.5).round_().clamp_(0, 255).to(torch.uint8)
    return np.ascontiguousarray(pixels.permute(0, 2, 3, 1).cpu().numpy())
