"""A small classifier of a fixed form and budget: the yardstick of what images are worth for training."""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812  # the name that every PyTorch reader knows
from torch import Tensor, nn

from fashion_pggan.storage.shards import Images
from train.model.randomness import generator_at

WIDTHS = (32, 64, 128, 128)  # channels of the four layers
MINIBATCH = 32  # images
LEARNING_RATE = 0.001  # of Adam, at the beginning; it falls to zero along a cosine
AT_ONCE = 256  # images that are classified at once


def network_of(labels: int, seed: int) -> nn.Sequential:
    """Four layers, each a 3x3 convolution of stride 2, batch normalisation and ReLU; a mean; a linear layer.

    Args:
        labels: numbers that it gives, one for each.
        seed: of its weights.
    """
    layers: list[nn.Module] = []
    for width, size in zip((3, *WIDTHS), WIDTHS, strict=False):
        layers += [nn.Conv2d(width, size, 3, 2, 1, bias=False), nn.BatchNorm2d(size), nn.ReLU()]
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(WIDTHS[-1], labels))
    random = generator_at(seed, "classifier", labels)
    for name, weight in network.named_parameters():
        if weight.dim() > 1:  # He et al. 2015; the others start as they are in batch normalisation
            nn.init.normal_(weight, std=math.sqrt(2 / weight[0].numel()), generator=random)
        elif name.startswith(f"{len(network) - 1}."):
            nn.init.zeros_(weight)
    return network


def trained(
    images: Images, labels: npt.NDArray[np.int64], count: int, seed: int, shown: int, *, mirror: bool
) -> nn.Sequential:
    """A classifier, trained on the CPU; with one PyTorch thread, equal arguments give equal weights.

    Args:
        images: (n, r, r, 3) uint8.
        labels: (n,), each below `count`.
        count: labels.
        seed: of the weights, and of the order in which images are shown.
        shown: images that are shown, however many there are.
        mirror: whether a random half of them is mirrored.
    """
    network = network_of(count, seed).train()
    steps = max(1, shown // MINIBATCH)
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for pixels, wanted in _minibatches(images, labels, steps, seed, mirror=mirror):
        loss = F.cross_entropy(network(pixels), wanted)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
    return network.eval()


@torch.no_grad()
def labels_by(network: nn.Sequential, images: Images) -> npt.NDArray[np.int64]:
    """The label (n,) that a classifier gives to each of (n, r, r, 3) images."""
    parts = [images[start : start + AT_ONCE] for start in range(0, len(images), AT_ONCE)]
    given: npt.NDArray[np.int64] = torch.cat([network(_planes(part)).argmax(1) for part in parts]).numpy()
    return given


def _minibatches(
    images: Images, labels: npt.NDArray[np.int64], steps: int, seed: int, *, mirror: bool
) -> Iterator[tuple[Tensor, Tensor]]:
    random = np.random.default_rng([seed, *b"shown"])
    passes = -(-steps * MINIBATCH // len(images))
    order = np.concatenate([random.permutation(len(images)) for _ in range(passes)])
    for start in range(0, steps * MINIBATCH, MINIBATCH):
        chosen = order[start : start + MINIBATCH]
        pixels = images[chosen]
        if mirror:
            turned = random.random(MINIBATCH)[:, None, None, None] < 0.5
            pixels = np.where(turned, pixels[:, :, ::-1], pixels)
        yield _planes(pixels), torch.from_numpy(labels[chosen])


def _planes(images: Images) -> Tensor:
    """Images (n, r, r, 3) as (n, 3, r, r), from -1 to 1."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 127.5 - 1
