"""The published layers: equalised learning rate, fused scaling, pixel norm, minibatch statistics.

Source: Karras et al. 2018, "Progressive Growing of GANs", sections 3, 4 and A.1; docs/conformance.md.
"""

import math

import torch
import torch.nn.functional as F  # noqa: N812  # the name that every PyTorch reader knows
from torch import Tensor, nn

RELU_GAIN = math.sqrt(2.0)  # He et al. 2015, for layers that a leaky ReLU follows
LEAK = 0.2  # slope of the leaky ReLU below zero
EPSILON = 1e-8  # of pixel norm and minibatch standard deviation


class Equalized(nn.Module):
    """A weight drawn from N(0, 1) and scaled in the forward pass, so that Adam sees all layers alike.

    Args:
        shape: of the weight.
        fan_in: inputs of one output.
        biases: how many biases there are; they start at zero and are not scaled.
        gain: of the initialisation.
    """

    def __init__(self, shape: tuple[int, ...], *, fan_in: int, biases: int, gain: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(shape))
        self.bias = nn.Parameter(torch.zeros(biases))
        self.scale = gain / math.sqrt(fan_in)

    def scaled(self) -> Tensor:
        """The weight as the layer uses it."""
        return self.weight * self.scale


class Dense(Equalized):
    """A fully connected layer: (n, inputs) -> (n, outputs), plus the bias."""

    def __init__(self, inputs: int, outputs: int, gain: float = RELU_GAIN) -> None:
        super().__init__((outputs, inputs), fan_in=inputs, biases=outputs, gain=gain)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer to (n, inputs)."""
        return F.linear(x, self.scaled(), self.bias)


class LatentDense(Equalized):
    """The generator's first layer: (n, inputs) -> (n, outputs, 4, 4), one bias per output channel."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__((outputs * 16, inputs), fan_in=inputs, biases=outputs, gain=RELU_GAIN / 4)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer to (n, inputs)."""
        x = F.linear(x, self.scaled()).view(len(x), -1, 4, 4)  # (n, outputs, 4, 4)
        return x + self.bias.view(1, -1, 1, 1)


class Conv(Equalized):
    """A convolution that keeps the resolution; kernel 3 or 1, zero padding."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, gain: float = RELU_GAIN) -> None:
        super().__init__(
            (outputs, inputs, kernel, kernel), fan_in=inputs * kernel**2, biases=outputs, gain=gain
        )

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer to (n, inputs, h, w)."""
        return F.conv2d(x, self.scaled(), self.bias, padding=self.weight.shape[-1] // 2)


class UpConv(Equalized):
    """Doubles the resolution and convolves in one transposed convolution.

    Equal to nearest-neighbour doubling followed by a 3x3 convolution with the spatially flipped kernel. The
    weight's layout is that of a transposed convolution: (inputs, outputs, 3, 3).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__((inputs, outputs, 3, 3), fan_in=inputs * 9, biases=outputs, gain=RELU_GAIN)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer to (n, inputs, h, w); gives (n, outputs, 2h, 2w)."""
        return F.conv_transpose2d(x, fused_kernel(self.scaled()), self.bias, stride=2, padding=1)


class DownConv(Equalized):
    """Convolves and halves the resolution in one strided convolution.

    Equal to a 3x3 convolution followed by the mean of 2x2 boxes; the bias comes after.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__((outputs, inputs, 3, 3), fan_in=inputs * 9, biases=outputs, gain=RELU_GAIN)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer to (n, inputs, h, w); gives (n, outputs, h/2, w/2)."""
        return F.conv2d(x, fused_kernel(self.scaled()) * 0.25, self.bias, stride=2, padding=1)


def fused_kernel(kernel: Tensor) -> Tensor:
    """The sum of the four one-pixel shifts of 3x3 kernels: (..., 3, 3) -> (..., 4, 4)."""
    padded = F.pad(kernel, (1, 1, 1, 1))  # (..., 5, 5)
    return (
        padded[..., 1:, 1:] + padded[..., :-1, 1:] + padded[..., 1:, :-1] + padded[..., :-1, :-1]
    )  # (..., 4, 4)


def leaky_relu(x: Tensor) -> Tensor:
    """Keep what is positive, take 0.2 of what is negative."""
    return F.leaky_relu(x, LEAK)


def pixel_norm(x: Tensor) -> Tensor:
    """Each pixel's feature vector (dimension 1) brought to unit mean square."""
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + EPSILON)


def minibatch_stddev(x: Tensor, group: int) -> Tensor:
    """Append a feature map that holds how much the pictures of a group differ.

    Args:
        x: (n, c, h, w); n is a multiple of the group, or smaller than it.
        group: pictures per group; picture i belongs to group i mod (n / group), as published.

    Returns:
        (n, c + 1, h, w); the new map is one number per group, computed in float32 with biased variance.

    Raises:
        ValueError: n cannot be divided into groups.
    """
    n, channels, height, width = x.shape
    group = min(group, n)
    if n % group:
        raise ValueError(f"a minibatch of {n} cannot be divided into groups of {group}: make it a multiple")
    y = x.float().reshape(group, n // group, channels, height, width)
    y = y - y.mean(dim=0, keepdim=True)
    y = torch.sqrt(y.square().mean(dim=0) + EPSILON).mean(dim=(1, 2, 3))  # (n/group,)
    y = y.repeat(group).view(n, 1, 1, 1).expand(n, 1, height, width)
    return torch.cat([x, y.to(x.dtype)], dim=1)
