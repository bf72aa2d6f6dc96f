"""Checks before the first step whether every resolution still to come fits into memory."""

from collections.abc import Callable

import psutil
import torch
from torch import Tensor

from fashion_pggan.errors import UserError
from fashion_pggan.params import TrainParams
from fashion_pggan.storage.shards import levels_up_to
from train.growth.schedule import minibatch_at
from train.model.networks import Architecture
from train.processes.ranks import Ranks
from train.step.augment import DRAWS
from train.step.data import Batch, resident_bytes
from train.step.trainer import Rates, Trainer

STATE_COPIES = (
    6  # vectors as long as the networks: weights, average, gradients, squares, and pieces of gradients
)

MADE = 32  # images made at once beside a step, at most (train.adaptive.look, train.record.images.samples)

Record = Callable[[Batch, Rates, int, bool], None]


def check_memory(
    trainer: Trainer, resolution: int, from_resolution: int, images: int = 0, record: Record | None = None
) -> None:
    """Refuse a run that would run out of memory.

    On a CUDA device, try a step at each resolution, beside what lies on the device then. Elsewhere, add up
    what a step keeps, without computing.

    Args:
        trainer: the networks; they are not changed.
        resolution: pixels, final.
        from_resolution: pixels; the first one to check.
        images: of the dataset.
        record: records a step as a CUDA graph, which keeps its memory, and does not change the trainer; None:
            steps are not recorded.

    Raises:
        UserError: a resolution does not fit; the text says what would fit.
    """
    device = trainer.ranks.device
    for side in levels_up_to(resolution):
        if side < from_resolution:
            continue
        share = minibatch_at(side, trainer.ranks.count, trainer.params) // trainer.ranks.count
        part = -(-share // trainer.parts_at(_doublings(side), share))
        if device.type == "cuda":
            resident = resident_bytes(images, side, trainer.params, device)
            _try(trainer, side, share if record else part, resident, record)
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


def _try(trainer: Trainer, side: int, images: int, resident: int, record: Record | None) -> None:
    """Try steps of a resolution.

    Args:
        trainer: the networks.
        side: pixels.
        images: that a step takes.
        resident: bytes of the dataset's level on the device.
        record: as for `check_memory`.
    """
    device = trainer.ranks.device
    compiles, trainer.compiles = trainer.compiles, False  # takes more memory, but no time
    level = None
    try:
        level = _held(resident, device)
        for fading in {side > 4, False}:
            _step(trainer, side, images, fading, record)
        torch.cuda.synchronize()
    except torch.OutOfMemoryError:
        total = torch.cuda.get_device_properties(device).total_memory
        beside = f" with the dataset's level of {resident / 1e9:.1f} GB on it" if resident else ""
        part = -(-images // trainer.parts_at(_doublings(side), images))
        raise UserError(
            _advice(side, part, f"the device has {total / 1e9:.1f} GB{beside}", resident)
        ) from None
    finally:
        trainer.compiles = compiles
        trainer.gradients = {}  # of a recorded step: they hold the graph's memory
        del level
        torch.cuda.empty_cache()


def _step(trainer: Trainer, side: int, images: int, fading: bool, record: Record | None) -> None:
    """What a step needs at once; a recorded one keeps it while images are made beside it."""
    batch = empty_batch(images, side, trainer.critic.architecture, trainer.ranks.device)
    where = (batch, zero_rates(trainer.ranks.device), _doublings(side), fading)
    if record:
        record(*where)
        with torch.no_grad():
            trainer.average.at(batch.generator_latents[:1].repeat(MADE, 1), _doublings(side), None)
    else:
        held = [gradient(*where) for gradient in (trainer.critic_gradient, trainer.generator_gradient)]
        del held


def _held(size: int, device: torch.device) -> Tensor:
    return torch.empty(size, dtype=torch.uint8, device=device)


def _compare(trainer: Trainer, side: int, images: int) -> None:
    processes = trainer.ranks.local_count
    needed = step_bytes(trainer.critic.architecture, trainer.params, side, images) * processes
    available = _available()
    if needed > available:
        those = f"{processes} processes need" if processes > 1 else "it needs"
        machine = f"{those} {needed / 1e9:.1f}, this machine has {available / 1e9:.1f} GB"
        raise UserError(_advice(side, images, machine))


def _advice(side: int, images: int, memory: str, resident: int = 0) -> str:
    half = max(images // 2, 1)
    smaller = f"train.resident_gb below {resident / 1e9:.3g}, " if resident else ""
    return (
        f"a pass of {images} images at {side} px does not fit ({memory} of memory): "
        f"set train.microbatch: {{{side}: {half}}}, which computes the same minibatch in parts, or lower "
        f"{smaller}train.max_minibatch_per_device for {side}, train.fmap_base or train.fmap_max"
    )


def _available() -> int:
    """Bytes free without swapping."""
    return psutil.virtual_memory().available


def empty_batch(images: int, side: int, architecture: Architecture, device: torch.device | str) -> Batch:
    """A batch of zeros, for passes whose result does not matter."""
    return Batch(
        torch.zeros((images, side, side, 3), dtype=torch.uint8, device=device),
        torch.zeros((images, architecture.label_size), device=device),
        torch.zeros(images, dtype=torch.bool, device=device),
        torch.zeros((images, 1, 1, 1), device=device),
        torch.zeros((images, architecture.latent_size), device=device),
        torch.zeros((images, architecture.latent_size), device=device),
        torch.zeros((images, architecture.label_size), device=device),
        torch.zeros((3, images, DRAWS), device=device),
    )


def zero_rates(device: torch.device | str) -> Rates:
    """Rates of zero: a step that changes nothing."""
    return Rates(*(torch.zeros((), device=device) for _ in range(3)))


def _doublings(side: int) -> int:
    return side.bit_length() - 3
