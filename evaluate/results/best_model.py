"""Keeps the better of two models: `best.safetensors` in a folder, and all that were best before beside it."""

import shutil
from pathlib import Path

from evaluate.comparison.two_models import TwoModels
from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import atomic_write, make_folder, sha256_of
from train.saved.snapshot import ALL_NETWORKS, BEST, read_networks

FORMER = "former"


def whole_model(path: Path) -> Path:
    """The file of a model with all networks: a snapshot that holds them, or that of a folder of models.

    Raises:
        UserError: it is missing or damaged, or lacks a network, so that no training could start from it.
    """
    file = path / ALL_NETWORKS if path.is_dir() else path
    networks, _ = read_networks(file)
    if missing := {"average", "generator", "critic"} - networks.keys():
        raise UserError(
            f"{file} holds no {' and no '.join(sorted(missing))}, so no training could start from it: "
            f"give models with a {ALL_NETWORKS}"
        )
    return file


def is_kept(model: Path, kept: Path) -> bool:
    """Whether a model is the best already."""
    best = kept / BEST
    return best.is_file() and sha256_of(best) == sha256_of(model)


def keep(model: Path, kept: Path) -> Path | None:
    """Make a model the best one; what was the best stays below `former`, under its hash.

    Returns:
        Where the former best is; None if there was none.
    """
    best, former = kept / BEST, None
    if best.is_file():
        former = kept / FORMER / f"{sha256_of(best)[:16]}.safetensors"
        _copy(best, former)
    _copy(model, best)
    return former


def kept_text(found: TwoModels, kept: Path, former: Path | None) -> str:
    """What has been done, in a sentence."""
    if found.better == "new":
        return f"kept the new model as {kept / BEST}; the former one is {former}"
    return f"kept the former model: {kept / BEST} stays as it is"


def _copy(source: Path, target: Path) -> None:
    make_folder(target.parent)
    with source.open("rb") as data, atomic_write(target) as file:
        shutil.copyfileobj(data, file)
