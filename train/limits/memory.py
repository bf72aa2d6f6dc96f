"""Checks before the first step whether every resolution still to come fits into memory."""

from pathlib import Path

import torch
from torch import Tensor

from fashion_pggan.errors import UserError
from fashion_pggan.params import TrainParams
from fashion_pggan.storage.shards import levels_up_to
from train.growth.schedule import minibatch_at
from train.model.networks import Architecture
from train.processes.ranks import Ranks
from train.step.augment import DRAWS
from train.step.data import Batch
from train.step.trainer import Rates, Trainer

STATE_COPIES = (
    6  # vectors as long as the networks: weights, average, gradients, squares, and pieces of gradients
)


def check_memory(trainer: Trainer, resolution: int, from_resolution: int) -> None:
    """Refuse a run that would run out of memory.

    On a CUDA device, try a step at each resolution. Elsewhere, add up what a step keeps, without computing.

    Args:
        trainer: the networks; they are not changed.
        resolution: pixels, final.
        from_resolution: pixels; the first one to check.

    Raises:
        UserError: a resolution does not fit; the text says what would fit.
    """
    for side in levels_up_to(resolution):
        if side < from_resolution:
            continue
        share = minibatch_at(side, trainer.ranks.count, trainer.params) // trainer.ranks.count
        part = -(-share // trainer.parts_at(_doublings(side), share))
        if trainer.ranks.device.type == "cuda":
            _try(trainer, side, part)
        else:
            _compare(trainer, side, part)


def step_bytes(architecture: Architecture, params: TrainParams, side: int, images: int) -> int:
    """Bytes that a critic's step keeps for its backward pass; nothing is computed.

    Args:
        architecture: of the networks.
        params: the train section.
        side: pixels.
        images: per pass.
    """
    alone = Ranks(0, 1, torch.device("meta"))
    with torch.device("meta"):
        trainer = Trainer(architecture, params.model_copy(update={"compile": False}), alone)
        kept: dict[int, int] = {}

        def keep(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            kept[storage._cdata] = storage.nbytes()
            return tensor

        doublings = _doublings(side)
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            held = trainer.critic_loss_of(
                empty_batch(images, side, architecture, "meta"), zero_rates("meta"), doublings, False
            )
        del held
    return sum(kept.values()) + STATE_COPIES * sum(4 * vector.numel() for vector in trainer.vectors.values())


def _try(trainer: Trainer, side: int, images: int) -> None:
    device = trainer.ranks.device
    compiles, trainer.compiles = trainer.compiles, False  # takes more memory, but no time
    try:
        for fading in {side > 4, False}:
            batch = empty_batch(images, side, trainer.critic.architecture, device)
            for gradient in (trainer.critic_gradient, trainer.generator_gradient):
                gradient(batch, zero_rates(device), _doublings(side), fading)
        torch.cuda.synchronize()
    except torch.OutOfMemoryError:
        total = torch.cuda.get_device_properties(device).total_memory
        raise UserError(_advice(side, images, total, "the device has")) from None
    finally:
        trainer.compiles = compiles
        torch.cuda.empty_cache()


def _compare(trainer: Trainer, side: int, images: int) -> None:
    available = _available()
    if available is None:
        return
    needed = step_bytes(trainer.critic.architecture, trainer.params, side, images)
    if needed > available:
        raise UserError(_advice(side, images, available, f"it needs {needed / 1e9:.1f}, this machine has"))


def _advice(side: int, images: int, memory: int, owner: str) -> str:
    half = max(images // 2, 1)
    return (
        f"a pass of {images} images at {side} px does not fit ({owner} {memory / 1e9:.1f} GB of memory): "
        f"set train.microbatch: {{{side}: {half}}}, which computes the same minibatch in parts, or lower "
        f"train.max_minibatch_per_device for {side}, train.fmap_base or train.fmap_max"
    )


def _available() -> int | None:
    """Bytes free without swapping; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    sizes = (line.split() for line in lines)
    return next((int(words[1]) * 1024 for words in sizes if words[0] == "MemAvailable:"), None)


def empty_batch(images: int, side: int, architecture: Architecture, device: torch.device | str) -> Batch:
    """A batch of zeros, for passes whose result does not matter."""
    return Batch(
        torch.zeros((images, side, side, 3), dtype=torch.uint8, device=device),
        torch.zeros(images, dtype=torch.bool, device=device),
        torch.zeros((images, 1, 1, 1), device=device),
        torch.zeros((images, architecture.latent_size), device=device),
        torch.zeros((images, architecture.latent_size), device=device),
        torch.zeros((3, images, DRAWS), device=device),
    )


def zero_rates(device: torch.device | str) -> Rates:
    """Rates of zero: a step that changes nothing."""
    return Rates(*(torch.zeros((), device=device) for _ in range(3)))


def _doublings(side: int) -> int:
    return side.bit_length() - 3
