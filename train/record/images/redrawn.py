"""Draws a run's sample grids again where they are missing or damaged, each from its snapshot."""

import logging
from collections.abc import Collection, Sequence
from pathlib import Path

import torch

from fashion_pggan.images.grid import png_of
from fashion_pggan.params import TrainParams
from fashion_pggan.storage.files import write_bytes
from fashion_pggan.storage.proof.png_checksums import png_fault
from train.model.randomness import inputs_of
from train.record.images.samples import grid_of
from train.saved.snapshot import read_snapshot

GRIDS = "grids"

log = logging.getLogger(__name__)


def grids_redrawn(
    folder: Path,
    snapshots: Sequence[Path],
    changed: Collection[str],
    params: TrainParams,
    device: torch.device,
) -> list[Path]:
    """The grid of each snapshot of a run, as it was written or drawn again.

    Args:
        folder: of the run.
        snapshots: they are whole.
        changed: names below the folder of files that are known to be damaged.
        params: the train section.
        device: where to compute.
    """
    grids = []
    for snapshot in snapshots:
        name = f"{GRIDS}/{snapshot.stem}.png"
        if name in changed or not (folder / name).is_file() or png_fault(folder / name):
            log.warning("%s is damaged or missing: drawing it again from its snapshot", folder / name)
            _draw(folder / name, snapshot, params, device)
        grids.append(folder / name)
    return grids


def _draw(grid: Path, snapshot: Path, params: TrainParams, device: torch.device) -> None:
    generator, origin = read_snapshot(snapshot)
    count, size = params.grid_columns * params.grid_rows, generator.architecture.latent_size
    latents = inputs_of(params.seed, range(count), size, origin.label_shares).to(device)
    write_bytes(grid, png_of(grid_of(generator.to(device), latents, origin.lod, params.grid_columns)))
