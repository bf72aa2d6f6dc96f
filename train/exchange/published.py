"""Imports and exports weights of the published program, as an .npz of arrays under its variables' names.

`Gs/…` is the averaged generator, `G/…` the generator, `D/…` the critic, as `Gs/4x4/Dense/weight`; `Gs/lod`
may say how far the network had grown. Names without a network are those of an averaged generator.
"""

import logging
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from fashion_pggan.errors import UserError
from fashion_pggan.params.section import MOST_LABELS
from fashion_pggan.program import hash_of
from fashion_pggan.storage.bounded.npz import arrays_in
from fashion_pggan.storage.files import atomic_write
from fashion_pggan.storage.outputs import WRITTEN_BY
from train.exchange.variables import load_official, official_weights, variables_of
from train.model.networks import Architecture, Critic, Generator
from train.saved.snapshot import UNKNOWN, Origin, read_networks, write_snapshot

NETWORKS = {"Gs": "average", "G": "generator", "D": "critic"}  # official name: ours
LARGEST = 2**30  # bytes; the published networks at 1024 px have under 0.3 * 2**30
STDDEV_GROUP = 4  # as published; not among the variables

Weights = dict[str, npt.NDArray[np.float32]]

log = logging.getLogger(__name__)


def import_official(source: Path, target: Path) -> None:
    """Make a snapshot of published weights.

    Args:
        source: an .npz file; float32, nothing pickled.
        target: the snapshot to write.

    Raises:
        UserError: a name is missing or unknown, a shape does not fit, or the file is not such an archive.
    """
    scopes = _by_network(_read(source), source)
    lods = {letter: weights.pop("lod") for letter, weights in scopes.items() if "lod" in weights}
    letter = "Gs" if "Gs" in scopes else "G"
    if letter not in scopes:
        raise UserError(f"{source} has no generator (Gs/… or G/…): give weights that hold one")
    label_size = _label_size(scopes.get("D", {}))
    architecture = architecture_of(scopes[letter], source, label_size)
    networks = {name: _network(name, weights, architecture) for name, weights in scopes.items()}
    if missing := [f"{NETWORKS[each]} ({each}/…)" for each in NETWORKS if each not in networks]:
        log.warning(
            "%s has no %s: the snapshot makes images, but no training can start from it",
            source,
            " and no ".join(missing),
        )
    generator = networks.pop(letter)
    assert isinstance(generator, Generator)
    origin = Origin(
        kimg=0.0,
        lod=_lod(lods.get(letter, np.float32(0.0)), len(architecture.exponents), source),
        params_hash=f"imported-{hash_of(source.name)}",
        dataset_version=UNKNOWN,
        git_commit="unknown",
        labels={f"label {number}": 1 / label_size for number in range(label_size)},
    )
    write_snapshot(target, generator, origin, {NETWORKS[name]: module for name, module in networks.items()})


def export_official(source: Path, target: Path) -> None:
    """Write a snapshot's networks under the published names; what was imported comes out bit for bit.

    Args:
        source: a snapshot.
        target: the .npz file to write, atomically.

    Raises:
        UserError: it is not a snapshot.
    """
    networks, origin = read_networks(source)
    letters = {ours: letter for letter, ours in NETWORKS.items()}
    weights: Weights = {}
    for name, network in networks.items():
        letter = letters[name]
        weights[f"{letter}/lod"] = np.array(origin.lod, np.float32)
        for variable, array in official_weights(network, letter[0]).items():
            weights[f"{letter}/{variable}"] = array
    with atomic_write(target) as file:
        np.savez(file, allow_pickle=False, **weights)
        with zipfile.ZipFile(file, "a") as archive:
            archive.comment = WRITTEN_BY.encode()


def architecture_of(
    weights: Mapping[str, npt.NDArray[np.float32]], source: Path, label_size: int = 0
) -> Architecture:
    """The architecture that a generator's arrays have.

    Args:
        weights: by the names of the variables.
        source: their file.
        label_size: labels that it takes; its arrays alone do not tell them from the latent vector.

    Raises:
        UserError: it cannot be told from them.
    """
    try:
        levels = sum(name.startswith("ToRGB_lod") and name.endswith("/weight") for name in weights)
        channels = [weights[f"ToRGB_lod{lod}/weight"].shape[2] for lod in reversed(range(levels))]
        latent_size = weights["4x4/Dense/weight"].shape[0] - label_size
        most = channels[0]
    except (KeyError, IndexError):
        raise UserError(
            f"{source}: no 4x4/Dense/weight or ToRGB_lod…/weight in its generator: give weights under the "
            "published program's names"
        ) from None
    if latent_size < 1 or label_size > MOST_LABELS:
        raise UserError(
            f"{source}: its critic tells {label_size} labels, but its generator takes "
            f"{latent_size + label_size} numbers, and this program knows up to {MOST_LABELS} labels: give "
            "networks of one training"
        )
    fewer = [count << stage for stage, count in enumerate(channels, start=1) if count < most]
    base = fewer[0] if fewer else most << levels
    return Architecture(2 ** (levels + 1), latent_size, base, most, STDDEV_GROUP, label_size)


def _label_size(critic: Mapping[str, npt.NDArray[np.float32]]) -> int:
    """How many labels a critic tells apart, by its last layer; 0 where there is none."""
    last = critic.get("4x4/Dense1/weight")
    return max(last.shape[-1] - 1, 0) if last is not None and last.ndim else 0


def _lod(value: npt.NDArray[np.float32] | np.float32, largest: int, source: Path) -> float:
    if np.shape(value) != () or not 0 <= value <= largest:
        raise UserError(f"{source}: lod is {value}: give one number from 0 to {largest}")
    return float(value)


def _network(letter: str, weights: Weights, architecture: Architecture) -> Generator | Critic:
    kind = Critic if letter == "D" else Generator
    with torch.device("meta"):  # without memory
        size = sum(weight.numel() for weight in kind(architecture).parameters())
    if size > 2 * sum(array.size for array in weights.values()):
        raise UserError(
            f"{letter} holds too few weights for its shapes, which want {size:,}: give the whole network"
        )
    module = kind(architecture)
    wanted = {
        f"{v.official}/{part}" for v in variables_of(letter[0], architecture) for part in ("weight", "bias")
    }
    unknown = sorted(set(weights) - wanted)
    if unknown:
        raise UserError(
            f"{letter}/{unknown[0]} and {len(unknown) - 1} more are not variables of a "
            f"{architecture.resolution} px network: leave them out"
        )
    load_official(module, letter[0], weights)
    return module


def _by_network(arrays: Weights, source: Path) -> dict[str, Weights]:
    scopes: dict[str, Weights] = {}
    for name, array in arrays.items():
        letter, _, rest = name.partition("/")
        if letter not in NETWORKS:
            letter, rest = "Gs", name
        if array.dtype != np.float32:
            raise UserError(
                f"{source}: {name} is {array.dtype}, but the published weights are float32: convert it"
            )
        scopes.setdefault(letter, {})[rest] = array
    return scopes


def _read(source: Path) -> Weights:
    try:
        return arrays_in(source, LARGEST)
    except FileNotFoundError:
        raise UserError(f"no weights at {source}: give an .npz file") from None
    except UserError:
        raise
    except (ValueError, OSError) as error:
        raise UserError(
            f"{source} is not an .npz file of plain arrays ({error}): "
            "save them with numpy.savez, without pickling"
        ) from error
