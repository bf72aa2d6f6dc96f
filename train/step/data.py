"""Minibatches: real images and random numbers, as functions of the images shown."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fashion_pggan.params import TrainParams
from fashion_pggan.storage.shards import Dataset
from train.growth.schedule import Phase
from train.model.networks import downscale, mixed, upscale
from train.model.randomness import generator_at, indices_at
from train.processes.ranks import Ranks
from train.step.augment import DRAWS


@dataclass(frozen=True)
class Batch:
    """One process's share of a minibatch: real images and the random numbers of a step."""

    reals: Tensor  # (n, r, r, 3) uint8
    labels: Tensor  # (n, label_size) float32, one-hot, of the reals and of the critic's fakes
    flips: Tensor  # (n,) bool, whether an image is mirrored
    mixing: Tensor  # (n, 1, 1, 1) float32 in [0, 1)
    critic_latents: Tensor  # (n, latent_size) float32
    generator_latents: Tensor  # (n, latent_size) float32
    generator_labels: Tensor  # (n, label_size) float32, one-hot, drawn from all images' labels
    draws: Tensor  # (3, n, DRAWS) float32 in [0, 1), for augmenting reals, fakes, and the generator's fakes

    def tensors(self) -> list[Tensor]:
        """All fields, in order."""
        return [getattr(self, field.name) for field in fields(self)]

    def part(self, number: int, count: int) -> "Batch":
        """Every `count`-th image from `number` on: the share of one of `count` processes."""
        rows = Batch(*(tensor[number::count] for tensor in self.tensors()))
        return replace(rows, draws=self.draws[:, number::count])


class Feed:
    """Prepares each batch one step ahead, and moves it to the device.

    If a level of the dataset fits into `resident_gb`, all of it stays on the CUDA device and only indices are
    moved. Otherwise images come from the memory-mapped shards, through pinned memory.

    Args:
        dataset: the images.
        params: the train section.
        ranks: this process among those that train together; each takes every `count`-th image, so that
            together they see what one process would.
    """

    def __init__(self, dataset: Dataset, params: TrainParams, ranks: Ranks) -> None:
        self.dataset, self.params, self.ranks = dataset, params, ranks
        self.labels = one_hot(dataset.labels, len(dataset.label_names) if params.labels else 0)
        self.waited_s = 0.0
        self._thread = ThreadPoolExecutor(1, "feed", initializer=_enter, initargs=(ranks.device,))
        self._ahead: tuple[tuple[int, int, int], Future[Batch]] | None = None
        self._resident: tuple[int, Tensor] | None = None  # resolution, (images, r, r, 3) on the device

    def batch_at(self, images_shown: int, phase: Phase) -> Batch:
        """This process's share of the minibatch shown after `images_shown` images, on the device."""
        batch = self._taken(images_shown, phase)
        self._ahead = self._asked(images_shown + phase.minibatch, phase)
        moved = [tensor.to(self.ranks.device, non_blocking=True) for tensor in batch.tensors()]
        pixels = self._level(phase.resolution)
        if pixels is not None:
            moved[0] = pixels[moved[0]]
        return Batch(*moved)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(cancel_futures=True)

    def _taken(self, images_shown: int, phase: Phase) -> Batch:
        key, future = self._ahead or self._asked(images_shown, phase)
        if key != (images_shown, phase.resolution, phase.minibatch):
            future.cancel()
            _, future = self._asked(images_shown, phase)
        began = time.monotonic()
        batch = future.result()
        self.waited_s += time.monotonic() - began
        return batch

    def _asked(self, images_shown: int, phase: Phase) -> tuple[tuple[int, int, int], Future[Batch]]:
        key = (images_shown, phase.resolution, phase.minibatch)
        return key, self._thread.submit(self._made, *key, self._level(phase.resolution) is not None)

    def _made(self, images_shown: int, resolution: int, minibatch: int, resident: bool) -> Batch:
        indices = indices_at(images_shown, minibatch, len(self.dataset), self.params.seed)
        mine = indices[self.ranks.rank :: self.ranks.count]
        reals = torch.from_numpy(mine if resident else self.dataset.images(mine, resolution))
        others = self._drawn(torch.rand, "labels", images_shown, (minibatch,)) * len(self.dataset)
        latents = (minibatch, self.params.latent_size)
        batch = Batch(
            reals,
            self.labels[torch.from_numpy(mine)],
            self._drawn(torch.rand, "mirror", images_shown, (minibatch,)) < 0.5 * self.params.mirror,
            self._drawn(torch.rand, "mixing", images_shown, (minibatch, 1, 1, 1)),
            self._drawn(torch.randn, "critic", images_shown, latents),
            self._drawn(torch.randn, "generator", images_shown, latents),
            self.labels[others.long().clamp(max=len(self.dataset) - 1)],
            self._drawn(torch.rand, "augment", images_shown, (minibatch, 3, DRAWS))
            .transpose(0, 1)
            .contiguous(),
        )
        if self.ranks.device.type != "cuda":
            return batch
        return Batch(*(tensor.pin_memory() for tensor in batch.tensors()))

    def _drawn(
        self, draw: Callable[..., Tensor], purpose: str, images_shown: int, shape: tuple[int, ...]
    ) -> Tensor:
        """This process's rows of what one process would draw."""
        drawn = draw(shape, generator=generator_at(self.params.seed, purpose, images_shown))
        return drawn[self.ranks.rank :: self.ranks.count]

    def _level(self, resolution: int) -> Tensor | None:
        """The whole level on the device; None without CUDA, or where it does not fit."""
        if not resident_bytes(len(self.dataset), resolution, self.params, self.ranks.device):
            return None
        if self._resident is None or self._resident[0] != resolution:
            self._resident = None  # the level before makes room first
            self._resident = resolution, self._loaded(resolution)
        return self._resident[1]

    def _loaded(self, resolution: int) -> Tensor:
        total = len(self.dataset)
        level = torch.empty((total, resolution, resolution, 3), dtype=torch.uint8, device=self.ranks.device)
        for start in range(0, total, 1024):
            part = range(start, min(start + 1024, total))
            level[start : part.stop] = torch.from_numpy(self.dataset.images(part, resolution))
        return level


def _enter(device: torch.device) -> None:
    """Let a new thread allocate, pinned memory too, by way of its process's device: it begins at device 0."""
    if device.type == "cuda":
        torch.cuda.set_device(device)


def resident_bytes(images: int, resolution: int, params: TrainParams, device: torch.device) -> int:
    """Bytes of a level that lies on the device as a whole; 0: it is read from the shards."""
    size = images * resolution**2 * 3
    return size if device.type == "cuda" and size <= params.resident_gb * 1e9 else 0


def one_hot(labels: npt.NDArray[np.int64], size: int) -> Tensor:
    """Labels (n,) as (n, size) float32 with a single one each, or none where a label is negative."""
    return torch.from_numpy(np.equal.outer(labels, np.arange(size)).astype(np.float32))


def with_labels(latents: Tensor, labels: Tensor) -> Tensor:
    """What a generator takes: latent vectors (n, latent_size), each followed by its label (n, label_size)."""
    return torch.cat([latents, labels], dim=1) if labels.shape[1] else latents


def reals_of(batch: Batch, fade: Tensor | float | None) -> Tensor:
    """The real images as the critic sees them: (n, 3, r, r) in [-1, 1], mirrored, faded."""
    images = batch.reals.permute(0, 3, 1, 2).to(batch.mixing.dtype) * (2 / 255) - 1  # (n, 3, r, r)
    images = torch.where(batch.flips.view(-1, 1, 1, 1), images.flip(3), images)
    return faded(images, fade)


def faded(images: Tensor, fade: Tensor | float | None) -> Tensor:
    """Images with the share `fade` of their own half resolution, as the generator's are in a transition."""
    return images if fade is None else mixed(images, upscale(downscale(images)), fade)
