"""Weights that a new run starts from: of a run, of a folder of models, or of one snapshot."""

import logging
from pathlib import Path

import torch
from torch import Tensor

from fashion_pggan.errors import UserError
from train.lineage.weights import place_of_weights
from train.model.flat import vector_of
from train.model.networks import Architecture
from train.saved.checkpoint import checkpoints_in, newest_state
from train.saved.snapshot import ALL_NETWORKS, read_networks

NETWORKS = ("critic", "generator", "average")

log = logging.getLogger(__name__)


def start_from(place: str, runs: Path, vectors: dict[str, Tensor], architecture: Architecture) -> None:
    """Give a run's networks the weights of others; optimizers and schedule start from the first image.

    Args:
        place: a run, by its name in `runs` or its folder, a folder of models, or a snapshot.
        runs: folder of runs.
        vectors: of the run's networks, by name; changed in place.
        architecture: of both networks.

    Raises:
        UserError: there are no such weights, or they are of other networks.
    """
    path = place_of_weights(place, runs)
    found = _of_run(path) if checkpoints_in(path) else _of_snapshot(path, architecture)
    if missing := [name for name in NETWORKS if name not in found]:
        raise UserError(
            f"train.start_from {path} holds no {' and no '.join(missing)}: give models with a "
            f"{ALL_NETWORKS}, the run's own folder in {runs}, or published weights with G/… and D/… "
            "(fashion-pggan train import-official)"
        )
    for name in NETWORKS:
        if found[name].shape != vectors[name].shape:
            raise UserError(
                f"train.start_from {path} holds a {name} of {found[name].numel()} weights, and train and "
                f"curate.resolution give {vectors[name].numel()}: set latent_size, fmap_base, fmap_max and "
                "the resolution as they were"
            )
    for name in NETWORKS:
        vectors[name].copy_(found[name])
    log.info("critic, generator and average are those of %s; optimizers and schedule are new", path)


def _of_run(folder: Path) -> dict[str, Tensor]:
    state = newest_state(folder, torch.device("cpu"))
    assert state is not None, folder
    held = state.get("tensors")
    return {name: held[name] for name in NETWORKS if isinstance(held, dict) and name in held}


def _of_snapshot(path: Path, architecture: Architecture) -> dict[str, Tensor]:
    if not path.is_file():
        raise UserError(
            f"no snapshot at {path}, and no run: give another train.start_from; models that dvc repro "
            f"deleted come back by dvc checkout models: copy their {ALL_NETWORKS} and name the copy"
        )
    networks, _ = read_networks(path)
    theirs = networks["average"].architecture
    if theirs != architecture:
        raise UserError(
            f"train.start_from {path} is of {theirs}, and this training of {architecture}: "
            "set the section train and curate.resolution as they were"
        )
    return {name: vector_of(network.parameters()) for name, network in networks.items()}
