"""What speeds are compared with: operations of a step, the machine's matrix products, a foreign step."""

import importlib.util
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from fashion_pggan.errors import UserError
from fashion_pggan.params import TrainParams
from train.growth.schedule import Phase
from train.limits.memory import empty_batch, zero_rates
from train.model.networks import Architecture
from train.processes.ranks import Ranks
from train.step.trainer import Trainer


def flops_of(shape: Architecture, params: TrainParams, phase: Phase) -> float:
    """Floating-point operations of a step's products per image, counted without computing."""
    meta, images = Ranks(0, 1, torch.device("meta")), phase.minibatch
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        steps = Trainer(shape, params.model_copy(update={"compile": False}), meta)
        batch = empty_batch(images, phase.resolution, shape, "meta")
        for gradient in (steps.critic_gradient, steps.generator_gradient):
            gradient(batch, zero_rates("meta"), phase.doublings, False)
    return float(counter.get_total_flops()) / images


@cache
def matrix_rate(device: torch.device, kind: torch.dtype) -> float:
    """Operations per second of a large matrix product, the best of several."""
    side = 8192 if device.type == "cuda" else 512
    one, other = torch.randn(2, side, side, device=device).to(kind)
    best, until = 0.0, time.monotonic() + 0.5
    while not best or time.monotonic() < until:
        began = time.monotonic()
        one @ other
        if device.type == "cuda":
            torch.cuda.synchronize()
        best = max(best, 2 * side**3 / (time.monotonic() - began))
    return best


def peer_step(path: Path, shape: Architecture, phase: Phase, device: torch.device) -> Callable[[], None]:
    """A foreign implementation's step."""
    spec = importlib.util.spec_from_file_location("peer", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UserError(
            f"--peer {path} is no Python file: give one with step_of, as benchmarks/plain_port.py"
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    by_level = [shape.feature_maps(power - 1) for power in range(2, phase.resolution.bit_length())]
    step: Callable[[], None] = module.step_of(
        phase.resolution, phase.minibatch, shape.latent_size, by_level, str(device)
    )
    return step
