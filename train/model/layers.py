"""The published layers: equalised learning rate, fused scaling, pixel norm, minibatch statistics.

A layer of the critic has a `pullback`: the gradient by its input, written out. So the gradient penalty is
made of ordinary layers, and training needs no derivative of a derivative (docs/decisions/0007-pullback.md).

Source: Karras et al. 2018, "Progressive Growing of GANs", sections 3, 4 and A.1;
docs/reference/conformance.md.
"""

import math

import torch
import torch.nn.functional as F  # noqa: N812  # the name that every PyTorch reader knows
from torch import Tensor, nn

from train.model.precision import HALVES

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

    def pullback(self, gradient: Tensor) -> Tensor:
        """The gradient by the input, from the one by the output."""
        return F.linear(gradient, self.scaled().t())


class LatentDense(Equalized):
    """The generator's first layer: (n, inputs) -> (n, outputs, 4, 4), one bias per output channel."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__((outputs * 16, inputs), fan_in=inputs, biases=outputs, gain=RELU_GAIN / 4)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer to (n, inputs)."""
        x = F.linear(x, self.scaled()).view(-1, len(self.bias), 4, 4)  # (n, outputs, 4, 4)
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

    def pullback(self, gradient: Tensor) -> Tensor:
        """The gradient by the input, from the one by the output."""
        return F.conv_transpose2d(gradient, self.scaled(), padding=self.weight.shape[-1] // 2)


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
        return F.conv2d(x, self._kernel(), self.bias, stride=2, padding=1)

    def pullback(self, gradient: Tensor) -> Tensor:
        """The gradient by the input, from the one by the output."""
        return F.conv_transpose2d(gradient, self._kernel(), stride=2, padding=1)

    def _kernel(self) -> Tensor:
        return fused_kernel(self.scaled()) * 0.25


def fused_kernel(kernel: Tensor) -> Tensor:
    """The sum of the four one-pixel shifts of 3x3 kernels: (..., 3, 3) -> (..., 4, 4)."""
    padded = F.pad(kernel, (1, 1, 1, 1))  # (..., 5, 5)
    return (
        padded[..., 1:, 1:] + padded[..., :-1, 1:] + padded[..., 1:, :-1] + padded[..., :-1, :-1]
    )  # (..., 4, 4)


def leaky_relu(x: Tensor) -> Tensor:
    """Multiply negative values by 0.2; in place, so that only the output is kept."""
    return F.leaky_relu_(x, LEAK)


def leaky_relu_pullback(gradient: Tensor, output: Tensor) -> Tensor:
    """The gradient by the input of `leaky_relu`, from the one by its output and the output itself."""
    return torch.where(output > 0, gradient, gradient * LEAK)


def pixel_norm(x: Tensor) -> Tensor:
    """Each pixel's feature vector (dimension 1) brought to unit mean square, computed in float32."""
    wide = x.float() if x.dtype in HALVES else x
    return (wide * torch.rsqrt(wide.square().mean(dim=1, keepdim=True) + EPSILON)).to(x.dtype)


def minibatch_stddev(x: Tensor, group: int, sets: int = 1) -> Tensor:
    """Append a feature map that holds how much the images of a group differ.

    Args:
        x: (n, c, h, w); n / sets is a multiple of the group, or smaller than it.
        group: images per group; image i of m belongs to group i mod (m / group), as published.
        sets: minibatches that lie one behind the other in `x` and have groups of their own.

    Returns:
        (n, c + 1, h, w); the new map is one number per group, computed in float32 with biased variance.

    Raises:
        ValueError: a minibatch cannot be divided into groups.
    """
    n, _, height, width = x.shape
    members, deviation = _deviations(x, group, sets)
    y = deviation.mean(dim=(2, 3, 4)).unsqueeze(1).expand(members.shape[:3])  # (sets, group, groups)
    y = y.reshape(n, 1, 1, 1).expand(n, 1, height, width)
    return torch.cat([x, y.to(x.dtype)], dim=1)


def minibatch_stddev_pullback(gradient: Tensor, x: Tensor, group: int, sets: int = 1) -> Tensor:
    """The gradient by the input of `minibatch_stddev`, from the one by its output.

    A group's deviation s grows with its member x by (x - mean) / (members s).

    Args:
        gradient: (n, c + 1, h, w).
        x: (n, c, h, w), the input.
        group: as there.
        sets: as there.

    Returns:
        (n, c, h, w).
    """
    members, deviation = _deviations(x, group, sets)
    _, size, groups, *rest = members.shape
    of_group = (
        gradient[:, -1].to(members.dtype).reshape(sets, size, groups, -1).sum(dim=(1, 3))
    )  # (sets, groups)
    share = of_group / (size * math.prod(rest))
    through = (share.view(sets, 1, groups, 1, 1, 1) / deviation.unsqueeze(1) * members).reshape(x.shape)
    return gradient[:, :-1] + through.to(gradient.dtype)


def _deviations(x: Tensor, group: int, sets: int) -> tuple[Tensor, Tensor]:
    """Images less their group's mean (sets, group, groups, c, h, w); deviations (sets, groups, c, h, w)."""
    n = len(x) // sets
    group = min(group, n)
    if n % group:
        raise ValueError(f"a minibatch of {n} cannot be divided into groups of {group}: make it a multiple")
    wide = x.float() if x.dtype in HALVES else x
    members = wide.reshape(sets, group, n // group, *x.shape[1:])
    members = members - members.mean(dim=1, keepdim=True)
    return members, torch.sqrt(members.square().mean(dim=1) + EPSILON)
