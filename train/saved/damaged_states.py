"""Snapshots and checkpoints, read as a whole: which are damaged."""

from collections.abc import Iterator
from pathlib import Path

from safetensors import SafetensorError, safe_open

from fashion_pggan.errors import one_line
from fashion_pggan.storage.files import CHANGED
from train.saved.checkpoint import checkpoints_in, is_whole
from train.saved.self_hash import KEY, hash_without_itself
from train.saved.snapshot_header import header_in


def snapshots(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each snapshot with what is wrong with it, empty where nothing is."""
    for path in sorted(folder.rglob("*.safetensors")):
        yield path, _snapshot_fault(path)


def checkpoints(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each checkpoint of all runs with what is wrong with it; empty where nothing is."""
    for run in sorted(path for path in folder.iterdir() if path.is_dir()):
        for path in checkpoints_in(run):
            yield path, "" if is_whole(path) else CHANGED


def _snapshot_fault(path: Path) -> str:
    try:
        with safe_open(path, framework="pt") as file:
            sha256 = header_in((file.metadata() or {})[KEY]).sha256
        whole = sha256 is None or hash_without_itself(path, sha256) == sha256  # former ones carry none
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        return one_line(error)
    return "" if whole else CHANGED
