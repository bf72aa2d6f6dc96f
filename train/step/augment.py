"""Differentiable augmentation: the critic sees every image, real or generated, altered at random.

It helps with a few thousand images, which a critic would otherwise memorise.

Source: Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training" (colour, translation,
cutout).
"""

import torch
from torch import Tensor

DRAWS = 7  # random numbers for an image
SHIFT = 1 / 8  # of the side, at most, in either direction
CUT = 1 / 2  # of the side


def augmented(images: Tensor, draws: Tensor) -> Tensor:
    """Change the colours of images, shift them, and cut out a square.

    Args:
        images: (n, 3, r, r) in [-1, 1].
        draws: (n, DRAWS) in [0, 1); what happens to an image depends on its row alone.

    Returns:
        (n, 3, r, r), differentiable by the images.
    """
    brightness, saturation, contrast, *places = draws.view(len(draws), DRAWS, 1, 1).unbind(1)  # (n, 1, 1)
    x = images + (brightness - 0.5).unsqueeze(1)
    grey = x.mean(dim=1, keepdim=True)
    x = grey + (x - grey) * (2 * saturation).unsqueeze(1)
    level = x.mean(dim=(1, 2, 3), keepdim=True)
    x = level + (x - level) * (0.5 + contrast).unsqueeze(1)
    right, down, left, top = (place.flatten() for place in places)  # (n,)
    return _cut(_moved(x, right, down), left, top)


def _moved(x: Tensor, right: Tensor, down: Tensor) -> Tensor:
    """Shift by whole pixels; the pixels that come in are 0, the middle grey."""
    for dim, draw in ((3, right), (2, down)):
        side = x.shape[dim]
        most = round(side * SHIFT)
        shift = (draw * (2 * most + 1)).floor().long() - most  # (n,)
        source = torch.arange(side, device=x.device) - shift.unsqueeze(1)  # (n, side)
        inside = ((source >= 0) & (source < side)).view(len(x), 1, *_axis(dim, side))
        index = source.clamp(0, side - 1).view(len(x), 1, *_axis(dim, side)).expand(x.shape)
        x = torch.where(inside, x.gather(dim, index), 0.0)
    return x


def _cut(x: Tensor, left: Tensor, top: Tensor) -> Tensor:
    """Set a square to 0; its centre may lie anywhere in the image."""
    side = x.shape[-1]
    reach = round(side * CUT) / 2
    place = torch.arange(side, device=x.device) + 0.5
    within = [((place - draw.unsqueeze(1) * side).abs() < reach) for draw in (top, left)]  # (n, side) each
    hole = within[0].view(-1, 1, side, 1) & within[1].view(-1, 1, 1, side)
    return torch.where(hole, 0.0, x)


def _axis(dim: int, side: int) -> tuple[int, int]:
    return (side, 1) if dim == 2 else (1, side)
