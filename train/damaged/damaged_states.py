"""Finds damaged snapshots and checkpoints, by reading every byte."""

from pathlib import Path

from safetensors import SafetensorError

from fashion_pggan.errors import one_line
from fashion_pggan.storage.files import CHANGED
from fashion_pggan.verify import datasets
from fashion_pggan.verify.findings import MISSING, Faults
from train.saved.checkpoint import is_whole
from train.saved.self_hash import KEY, hash_without_itself, open_weights
from train.saved.snapshot import BEST
from train.saved.snapshot_header import header_in


def models(folder: Path) -> Faults:
    """Each file of trained models with what is wrong with it; empty when it is intact."""
    for path in sorted(folder.rglob("*.safetensors")):
        yield path, snapshot_fault(path)
    yield from datasets.marked(folder)


def kept(folder: Path) -> Faults:
    """Each kept model with what is wrong with it; those that were the best before may be deleted."""
    if not (folder / BEST).is_file():
        yield folder / BEST, MISSING
    for path in sorted(folder.rglob("[!.]*.safetensors")):
        yield path, snapshot_fault(path)


def checkpoint_fault(path: Path) -> str:
    """What is wrong with a checkpoint; empty if nothing is."""
    return "" if is_whole(path) else CHANGED


def snapshot_fault(path: Path) -> str:
    """What is wrong with a snapshot; empty if nothing is. Early ones carry no hash."""
    try:
        with open_weights(path) as file:
            sha256 = header_in((file.metadata() or {})[KEY]).sha256
        whole = sha256 is None or hash_without_itself(path, sha256) == sha256
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        return one_line(error)
    return "" if whole else CHANGED
