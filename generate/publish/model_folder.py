"""A folder for others: one generator with a card that says where it comes from and how good it is."""

import re
import shutil
from pathlib import Path
from typing import Any

import torch

from fashion_pggan.errors import UserError
from fashion_pggan.params.preset import PARAMS
from fashion_pggan.storage.bounded.json_text import json_in
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.files import write_text
from fashion_pggan.storage.targets import Kind, hold_target
from generate.by_distance import best_in
from generate.card import TEMPLATES
from generate.sampling.film import write_sheet
from generate.sampling.sampler import PUBLISHED, Sampler, snapshots_in
from train.saved.snapshot import ALL_NETWORKS, read_networks, read_origin

KIND = Kind("a model to publish")
SAMPLES = (4, 8)  # rows and columns
SEED = 0  # of the samples, which nobody chooses
NETWORKS = {"critic", "generator"}  # beside the average
FIGURES = ("swd.csv", "swd.json")
RESUMED = re.compile(r"(?:^|; )at \S+ kimg from ([^\s:]+): ")  # as train.lineage.about.Change says it
DISTANCE = "SWDx1e3_"  # before a level


def make_model_folder(
    models: Path,
    target: Path,
    licence: str,
    *,
    reports: Path,
    params: Path,
    device: torch.device | str,
    with_critic: bool = False,
) -> str:
    """Write the folder, and return the name of the snapshot.

    Args:
        models: the train stage's output, or a snapshot.
        target: the folder; replaced as a whole.
        licence: an identifier of Hugging Face.
        reports: the folder of the stages' reports.
        params: the file of parameters.
        device: where to make the samples.
        with_critic: add all networks of the finished training, from which others can train on.

    Raises:
        UserError: there is no snapshot, no critic, or the reports are about another training.
    """
    with hold_target(target, KIND, [models, reports, params]) as held:
        snapshot = _chosen(models, reports / "swd.json")
        sampler = Sampler.load(snapshot, device)
        training = _about(reports / "train.json", sampler)
        with held.replaced() as building:
            shutil.copyfile(snapshot, building / PUBLISHED)
            rows, columns = SAMPLES
            write_sheet(building / "samples.png", [sampler] * rows, SEED, 0, columns)
            figures = [reports / name for name in FIGURES] if training else []
            copies = {path: path.name for path in figures} | {params: PARAMS.name}
            for path, name in copies.items():
                if path.is_file():
                    shutil.copyfile(path, building / name)
            if with_critic:
                shutil.copyfile(_networks_of(models, sampler), building / ALL_NETWORKS)
            card = _card(sampler, snapshot, building, licence, training)
            write_text(building / "README.md", card)
    return snapshot.name


def _chosen(models: Path, distances: Path) -> Path:
    if not models.is_dir():
        return models
    return best_in(models, distances) if distances.is_file() else snapshots_in(models)[-1]


def _networks_of(models: Path, sampler: Sampler) -> Path:
    """The file from which others can train on.

    Raises:
        UserError: it is missing or damaged, holds no critic or generator, or others than the snapshot.
    """
    path = models / ALL_NETWORKS
    if not path.is_file():
        raise UserError(
            f"{models} has no {ALL_NETWORKS}: give the models of a finished training, or no --with-critic"
        )
    networks, _ = read_networks(path)
    if missing := sorted(NETWORKS - networks.keys()):
        raise UserError(
            f"{path} holds no {' and no '.join(missing)}: give the models of a finished training, or no "
            "--with-critic"
        )
    if networks["average"].architecture != sampler.generator.architecture:
        raise UserError(
            f"{path} holds other networks than the snapshot: give models of one training, or no --with-critic"
        )
    return path


def _about(path: Path, sampler: Sampler) -> dict[str, Any]:
    """The training's report; empty where there is none.

    Raises:
        UserError: it is about another training.
    """
    try:
        said = json_in(read_text(path), finite=False)
    except FileNotFoundError:
        return {}
    except ValueError:
        said = {}
    if not isinstance(said, dict) or sampler.params_hash not in _runs_of(said):
        raise UserError(
            f"{path} is not about the training of these models ({sampler.params_hash}): run dvc repro, or "
            "give --reports a folder without reports"
        )
    return said


def _runs_of(training: dict[str, Any]) -> set[str]:
    """A training's hash, and those of the runs that it resumed: snapshots from before are theirs."""
    resumed = RESUMED.findall(str(training.get("history", "")))
    return {str(training.get("params_hash")), *(name.partition("-")[0] for name in resumed)}


def _card(
    sampler: Sampler,
    snapshot: Path,
    folder: Path,
    licence: str,
    training: dict[str, Any],
) -> str:
    swd = json_in(read_text(folder / "swd.json"), finite=False) if (folder / "swd.json").is_file() else {}
    measured = {name: swd[name] for name in ("untrained", "best", "last", "floor") if swd.get(name)}
    levels = [name for name in measured.get("best", {}) if name.startswith(DISTANCE)]
    return TEMPLATES.get_template("model.md.j2").render(
        licence=licence,
        snapshot=snapshot.stem,
        sha256=sampler.sha256,
        weights=PUBLISHED,
        resolution=sampler.resolution,
        origin=sampler.origin,
        training=training,
        measured=measured,
        images=swd.get("images"),
        levels=levels,
        prefix=DISTANCE,
        seed=SEED,
        count=SAMPLES[0] * SAMPLES[1],
        networks=read_origin(folder / ALL_NETWORKS) if (folder / ALL_NETWORKS).is_file() else None,
        with_params=(folder / PARAMS.name).is_file(),
    )
