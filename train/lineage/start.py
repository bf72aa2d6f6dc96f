"""Weights that a new run starts from: of a run, of a folder of models, or of one snapshot."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fashion_pggan.errors import UserError
from fashion_pggan.params import TrainParams
from fashion_pggan.storage.shards import Dataset
from train.lineage.about import OTHER_DATASET, UNSEEN, About, about, about_in, unseen_by, version_of
from train.lineage.label_names import LABEL_NAMES, check_label_names, label_names_of
from train.lineage.weights import place_of_weights
from train.model.flat import vector_of
from train.model.networks import Architecture, Critic, Generator
from train.saved.checkpoint import checkpoints_in, newest_state
from train.saved.snapshot import ALL_NETWORKS, UNKNOWN, read_networks, read_origin

NETWORKS = {"critic": Critic, "generator": Generator, "average": Generator}
WORDS = {  # what sets each number of an architecture
    "resolution": "curate.resolution",
    "latent_size": "train.latent_size",
    "fmap_base": "train.fmap_base",
    "fmap_max": "train.fmap_max",
    "stddev_group": "train.stddev_group",
    "label_size": "the number of labels (train.labels)",
    **{name: f"the number of weights of the {name}" for name in NETWORKS},
}

log = logging.getLogger(__name__)


def weights_to_start_from(
    place: str, runs: Path, architecture: Architecture, labels: Sequence[str] = ()
) -> dict[str, Tensor]:
    """The weights of others that a run can begin with.

    Args:
        place: a run, by its name in `runs` or its folder, a folder of models, or a snapshot.
        runs: folder of runs.
        architecture: of the run's networks.
        labels: that the run learns, in its order.

    Returns:
        (parameters,) by network: critic, generator, average.

    Raises:
        UserError: there are no such weights, or they are of other networks or labels.
    """
    path = place_of_weights(place, runs)
    found, shape = _of_run(path) if checkpoints_in(path) else _of_snapshot(path)
    if missing := [name for name in NETWORKS if name not in found]:
        raise UserError(
            f"train.start_from {path} holds no {' and no '.join(missing)}: give models with a "
            f"{ALL_NETWORKS}, the run's own folder in {runs}, or published weights with G/… and D/… "
            "(fashion-pggan train import-official)"
        )
    if labels and (theirs := shape.get(LABEL_NAMES)):
        check_label_names(f"train.start_from {path}", theirs, labels, "train.start_from")
    if others := _others(shape, asdict(architecture)) or _others(
        {name: found[name].numel() for name in NETWORKS}, _sizes_of(architecture)
    ):
        raise UserError(
            f"train.start_from {path} holds other networks than this training ({others}): set them as "
            "they are there, or start from other weights"
        )
    return {name: found[name] for name in NETWORKS}


def architecture_for(dataset: Dataset, params: TrainParams) -> Architecture:
    """The networks that a training of this dataset has."""
    shape = (params.latent_size, params.fmap_base, params.fmap_max, params.stddev_group)
    return Architecture(dataset.resolution, *shape, len(label_names_of(dataset, params)))


def start_from(
    place: str,
    runs: Path,
    vectors: dict[str, Tensor],
    architecture: Architecture,
    labels: Sequence[str] = (),
) -> None:
    """Give a run's networks the weights of others; optimizers and schedule start from the first image.

    Args:
        place: see `weights_to_start_from`, as for what else is not said here.
        runs: folder of runs.
        vectors: of the run's networks, by name; changed in place.
        architecture: of both networks.
        labels: that the run learns, in its order.

    Raises:
        UserError: see `weights_to_start_from`.
    """
    for name, weights in weights_to_start_from(place, runs, architecture, labels).items():
        vectors[name].copy_(weights)
    path = place_of_weights(place, runs)
    log.info("critic, generator and average are those of %s; optimizers and schedule are new", path)
    if labels and not checkpoints_in(path) and read_origin(path).dataset_version == UNKNOWN:
        log.info("%s has no names of labels: they go by position, the first is %s", path, labels[0])


def unseen_at_start(place: str, runs: Path, now: About) -> About:
    """What a run says of itself, with what the weights that it starts from were shown."""
    path = place_of_weights(place, runs)
    if checkpoints_in(path):
        before = about(path)
        return unseen_by(before, now) if before else now
    origin = read_origin(path)
    if origin.dataset_version == UNKNOWN:  # weights of another program: nobody says what they were shown
        return now
    least = min(now.facts[UNSEEN], origin.unseen or 0.0)
    other = origin.other_dataset or origin.dataset_version != version_of(now)
    facts = {UNSEEN: least, **({OTHER_DATASET: True} if other else {})}
    return now.model_copy(update={"facts": now.facts | facts})


def _others(theirs: Mapping[str, object], ours: Mapping[str, object]) -> str:
    """What differs, in words; what one of them does not say is taken as equal."""
    return ", ".join(
        f"{WORDS.get(name, name)} is {theirs[name]} there and {value} here"
        for name, value in ours.items()
        if theirs.get(name, value) != value
    )


def _sizes_of(architecture: Architecture) -> dict[str, int]:
    """How many weights each network has."""
    with torch.device("meta"):  # without memory
        networks = {name: kind(architecture) for name, kind in NETWORKS.items()}
    return {name: sum(w.numel() for w in network.parameters()) for name, network in networks.items()}


def _of_run(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    state = newest_state(folder, torch.device("cpu"))
    assert state is not None, folder
    held, said = state.get("tensors"), about_in(state)
    return held if isinstance(held, dict) else {}, said.facts | said.identity


def _of_snapshot(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    if not path.is_file():
        raise UserError(
            f"no snapshot at {path}, and no run: give another train.start_from; models that dvc repro "
            f"deleted come back by dvc checkout models: copy their {ALL_NETWORKS} and name the copy"
        )
    networks, origin = read_networks(path)
    weights = {name: vector_of(network.parameters()) for name, network in networks.items()}
    named = {LABEL_NAMES: [*origin.labels]} if origin.dataset_version != UNKNOWN else {}
    return weights, asdict(networks["average"].architecture) | named
