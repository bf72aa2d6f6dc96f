"""Finds damaged files in the folders of runs, by reading every byte."""

from pathlib import Path

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.hashes import values_of
from fashion_pggan.storage.proof.folder_mark import MARK
from fashion_pggan.storage.proof.listing import files_below
from fashion_pggan.storage.proof.png_checksums import png_fault
from fashion_pggan.verify import datasets, listed
from fashion_pggan.verify.findings import Faults
from train.damaged.damaged_states import checkpoint_fault, snapshot_fault
from train.record.log import rows_of


def runs(folder: Path) -> Faults:
    """Each file of all runs in a folder with what is wrong with it; empty when it is intact."""
    for run in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        yield from faults(run)


def faults(run: Path) -> Faults:
    """Each file of a run, checked by the list and by its own hash, for the list may be unfinished.

    A run that DVC carries has a mark in place of the list.
    """
    yield from datasets.marked(run) if (run / MARK).is_file() else listed.faults(run)
    for name in files_below(run):
        if check := CHECKS.get(Path(name).suffix):
            yield run / name, check(run / name)


def _log_fault(path: Path) -> str:
    try:
        rows = rows_of(path)
    except UserError as error:
        return str(error)
    broken = rows.count(None)
    return f"{broken} of {len(rows)} rows are not what was written" if broken else ""


def _status_fault(path: Path) -> str:
    try:
        values_of(read_text(path))
    except (OSError, ValueError) as error:
        return one_line(error)
    return ""


CHECKS = {
    ".pt": checkpoint_fault,
    ".safetensors": snapshot_fault,
    ".png": png_fault,
    ".csv": _log_fault,
    ".json": _status_fault,
}
