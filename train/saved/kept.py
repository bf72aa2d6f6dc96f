"""The snapshots that a run has written, against those that are there."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from fashion_pggan.errors import UserError
from train.saved.snapshot import read_origin, snapshot_path

ENDING = ".safetensors"


def names_in(folder: Path) -> set[str]:
    """The snapshots that are in a run's folder, and not what a kill left half written."""
    return {path.name for path in (folder / "snapshots").glob(f"[!.]*{ENDING}")}


def names_of(state: Mapping[str, Any]) -> set[str]:
    """The snapshots that a run had written at its checkpoint; former versions did not say.

    Raises:
        TypeError: the checkpoint says nothing of the kind.
    """
    said = state.get("snapshots", [])
    if not isinstance(said, list) or not all(isinstance(name, str) for name in said):
        raise TypeError("its snapshots are not names")
    return set(said)


def lost_from(folder: Path, written: Collection[str], images_shown: int) -> list[str]:
    """Names of the snapshots that were written and are not there, up to the run's position."""
    reached = snapshot_path(folder, images_shown).name
    return sorted(name for name in set(written) - names_in(folder) if name <= reached)


def check_kept(folder: Path, lost: Collection[str], models: Path) -> None:
    """Refuse to hand out models with a gap.

    Raises:
        UserError: snapshots are lost; the text says what brings them back.
    """
    if lost:
        raise UserError(
            f"{folder / 'snapshots'} has lost {', '.join(lost)}, which no resuming writes again: copy from "
            f"{models / 'snapshots'} (dvc checkout {models} brings that back) or from a copy of yours, or "
            f"delete {folder} to train from the start"
        )


def check_origin(snapshot: Path, runs: Collection[str]) -> None:
    """Check the bytes of a snapshot, and that it is of one of these runs.

    Raises:
        UserError: it is damaged, or of another run.
    """
    origin = read_origin(snapshot)
    if origin.params_hash not in runs:
        raise UserError(f"{snapshot} is of another run, {origin.params_hash}: move it away")
