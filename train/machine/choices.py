"""The precision that a run chooses by the machine at its first start, and keeps."""

import logging
import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from fashion_pggan.params import TrainParams
from train.model.networks import Architecture, Critic
from train.model.precision import autocast
from train.processes.ranks import Ranks, share_from_first

AUTO, PLAIN, HALF = "auto", "float32", "bfloat16"
TURNS = 3  # passes in each precision, after a first one
IMAGES = 4  # in a pass
LARGEST = 32  # pixels of a pass, so that it takes seconds at most
GAIN = 0.9  # of the time in float32, below which half precision is worth its bits

log = logging.getLogger(__name__)


def precision_of(
    params: TrainParams, architecture: Architecture, ranks: Ranks, before: Mapping[str, Any]
) -> str:
    """The precision of a run; `auto` is the run's choice so far, else what is faster on this device.

    Args:
        params: the train section.
        architecture: of both networks.
        ranks: the first process chooses for all.
        before: the run's facts so far; empty for a new run.

    Raises:
        PassingError: another process has ended.
    """
    if params.precision != AUTO:
        return params.precision
    chosen = before.get("chosen_precision")
    if ranks.first and chosen not in (PLAIN, HALF):
        chosen = faster(architecture, ranks.device)
    return str(share_from_first((), {"chosen": chosen}, ranks)["chosen"])


def faster(architecture: Architecture, device: torch.device) -> str:
    """Half precision if a pass of the critic takes clearly less time in it, else float32."""
    seconds = pass_seconds(architecture, device)
    chosen = HALF if seconds[HALF] < GAIN * seconds[PLAIN] else PLAIN
    log.info(
        "train.precision auto: %s (a pass takes %.3g s in %s, %.3g s in %s)",
        chosen,
        seconds[PLAIN],
        PLAIN,
        seconds[HALF],
        HALF,
    )
    return chosen


def pass_seconds(architecture: Architecture, device: torch.device) -> dict[str, float]:
    """Seconds of a pass of the critic, forward and backward, by precision: the shortest of a few in turn."""
    steps = min(architecture.resolution, LARGEST).bit_length() - 3
    critic = Critic(architecture).to(device)
    images = torch.zeros(IMAGES, 3, 4 << steps, 4 << steps, device=device)
    best = dict.fromkeys((PLAIN, HALF), float("inf"))
    for turn in range(TURNS + 1):
        for precision in best:
            passed = _seconds(critic, images, steps, precision)
            if turn:
                best[precision] = min(best[precision], passed)
    return best


def _seconds(critic: Critic, images: Tensor, steps: int, precision: str) -> float:
    began = time.perf_counter()
    with autocast(images.device, enabled=precision == HALF):
        score = critic.trace(images, steps, None).scores.sum()
    score.backward()  # type: ignore[no-untyped-call]  # PyTorch has no type for it
    if images.device.type == "cuda":
        torch.cuda.synchronize(images.device)
    return time.perf_counter() - began
