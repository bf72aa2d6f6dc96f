"""Says before the first step what a run takes on the disk, and refuses what the disk cannot hold."""

import logging
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from fashion_pggan.errors import bytes_in_words
from fashion_pggan.params import Params, TrainParams
from fashion_pggan.storage.files import check_room, free_at
from train.model.networks import Architecture
from train.processes.ranks import Ranks
from train.saved.checkpoint import KEPT, checkpoints_in
from train.step.trainer import Trainer

PNG_BYTES = 2  # of a pixel, about
UNDER_DVC = "DVC_STAGE"  # in the environment of DVC's stages

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sizes:
    """Bytes of a run's files, by the shapes of its networks."""

    checkpoint: int
    snapshot: int  # the averaged generator
    networks: int  # the last snapshot with generator and critic
    grid: int  # about

    def of(self, checkpoints: int, snapshots: int) -> int:
        """Bytes of so many; the latest snapshot and all networks come on top."""
        images = snapshots * (self.snapshot + self.grid)
        return checkpoints * self.checkpoint + images + self.networks + self.snapshot + self.grid


def check_disk(folder: Path, trainer: Trainer, params: TrainParams, resolution: int, shown: int) -> None:
    """Say what a run will take, and refuse one that does not fit.

    Args:
        folder: the run's own.
        trainer: its networks.
        params: the train section.
        resolution: pixels, final.
        shown: images shown so far.

    Raises:
        UserError: the disk has too little room for what is still to come.
    """
    sizes = sizes_of(trainer, params, resolution)
    snapshots = _kept(snapshots_up_to(params.total_kimg * 1000, params), params)
    done = _kept(snapshots_up_to(shown, params) if shown else 0, params)
    whole = sizes.of(KEPT, snapshots)
    _tell(folder, sizes, snapshots, whole)
    checkpoints = max(KEPT - len(checkpoints_in(folder)), 0) + 1  # the oldest goes after the next is written
    to_come = sizes.of(checkpoints, max(snapshots - done, 0))
    check_room(folder, to_come, f"{folder} needs", "raise train.snapshot_kimg, or set train.keep_snapshots")


def bytes_of_run(params: Params) -> int:
    """What a training takes on the disk at its end, without DVC's copies; nothing is computed."""
    nowhere = torch.device("meta")
    shape = Architecture(
        params.curate.resolution, params.train.latent_size, params.train.fmap_base, params.train.fmap_max
    )
    with nowhere:
        trainer = Trainer(shape, params.train, Ranks(0, 1, nowhere))
    snapshots = _kept(snapshots_up_to(params.train.total_kimg * 1000, params.train), params.train)
    return sizes_of(trainer, params.train, params.curate.resolution).of(KEPT, snapshots)


def sizes_of(trainer: Trainer, params: TrainParams, resolution: int) -> Sizes:
    """The sizes, from the networks' shapes; nothing is written."""
    return Sizes(
        checkpoint=_bytes_of(trainer.state().values()),
        snapshot=_bytes_of(trainer.average.state_dict().values()),
        networks=_bytes_of(trainer.vectors.values()),
        grid=params.grid_columns * params.grid_rows * resolution**2 * PNG_BYTES,
    )


def _bytes_of(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def snapshots_up_to(images_shown: float, params: TrainParams) -> int:
    """How many snapshots a run writes up to a position, its first and last one included."""
    return math.floor(images_shown / (params.snapshot_kimg * 1000)) + 2


def _kept(snapshots: int, params: TrainParams) -> int:
    return min(snapshots, params.keep_snapshots or snapshots)


def _tell(folder: Path, sizes: Sizes, snapshots: int, whole: int) -> None:
    carried = sizes.of(1, snapshots)
    dvc = f"; DVC adds up to {bytes_in_words(2 * carried)}" if UNDER_DVC in os.environ else ""
    log.info(
        "%s takes about %s at its end (%d checkpoints of %s, %d snapshots of %s, and their images)%s; %s are "
        "free",
        folder,
        bytes_in_words(whole),
        KEPT,
        bytes_in_words(sizes.checkpoint),
        snapshots,
        bytes_in_words(sizes.snapshot),
        dvc,
        bytes_in_words(free_at(folder)),
    )
