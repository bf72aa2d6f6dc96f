"""Measures the distance between generated and real images during training."""

import logging
from collections.abc import Sequence

import numpy as np
import torch

from fashion_pggan.distance.in_memory import distance_of
from fashion_pggan.params import TrainParams
from fashion_pggan.storage.shards import Dataset
from train.adaptive.plateau import AdaptiveSchedule
from train.growth.schedule import Phase
from train.model.networks import Generator, as_pixels
from train.model.randomness import indices_at, inputs_of
from train.processes.ranks import Ranks, share_from_first

SMALLEST = 16  # pixels, where the distance can be measured
AT_ONCE = 32  # images

log = logging.getLogger(__name__)


def look(
    schedule: AdaptiveSchedule,
    images_shown: int,
    average: Generator,
    dataset: Dataset,
    phase: Phase,
    ranks: Ranks,
    label_shares: Sequence[float] = (),
) -> None:
    """Measure on the first process, and pass the distance to the schedule of every process.

    `label_shares` are those of `train.model.randomness.inputs_of`.
    """
    measured = (average, dataset, phase, schedule.params, ranks.device, label_shares)
    distance = measure(*measured) if ranks.first else None
    distance = share_from_first((), {"distance": distance}, ranks)["distance"]
    reason = schedule.note(images_shown, distance)
    if reason:
        _, length = schedule.transitions[-1]
        log.info("transition from %d images on, over %d images: %s", images_shown, length, reason)


@torch.no_grad()
def measure(
    average: Generator,
    dataset: Dataset,
    phase: Phase,
    params: TrainParams,
    device: torch.device,
    label_shares: Sequence[float] = (),
) -> float | None:
    """The distance at the present resolution, between fixed images and latents; None below 16 px."""
    if phase.resolution < SMALLEST:
        return None
    count = min(params.adaptive_images, len(dataset))
    chosen = indices_at(0, count, len(dataset), params.seed)
    real = dataset.images(chosen, phase.resolution)
    latents = inputs_of(params.seed, range(count), params.latent_size, label_shares).to(device)
    fakes = [as_pixels(average(part, phase.lod)) for part in torch.split(latents, AT_ONCE)]
    return distance_of(real, np.concatenate(fakes), seed=params.seed)
