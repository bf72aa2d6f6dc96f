"""The snapshots that a run keeps, and those that are there."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from fashion_pggan.errors import UserError
from fashion_pggan.paths import to_type
from train.saved.snapshot import read_origin, snapshot_path

ENDING = ".safetensors"


def names_in(folder: Path) -> set[str]:
    """The snapshots in a run's folder, without files that a kill left half written."""
    return {path.name for path in (folder / "snapshots").glob(f"[!.]*{ENDING}")}


def names_of(state: Mapping[str, Any]) -> set[str]:
    """The snapshots that a run had written at its checkpoint; early versions did not list them.

    Raises:
        TypeError: the checkpoint's value is not a list of names.
    """
    said = state.get("snapshots", [])
    if not isinstance(said, list) or not all(isinstance(name, str) for name in said):
        raise TypeError("its snapshots are not names")
    return set(said)


def newest_of(names: Collection[str], most: int) -> set[str]:
    """The newest of some snapshots; 0: all."""
    return set(sorted(names)[-most:])


def drop_others(folder: Path, kept: Collection[str]) -> None:
    """Delete the snapshots in a run's folder that it no longer keeps, with their grids."""
    for name in names_in(folder) - set(kept):
        (folder / "grids" / name).with_suffix(".png").unlink(missing_ok=True)
        (folder / "snapshots" / name).unlink(missing_ok=True)


def lost_from(folder: Path, written: Collection[str], images_shown: int) -> list[str]:
    """Names of the lost snapshots, up to the run's position."""
    reached = snapshot_path(folder, images_shown).name
    return sorted(name for name in set(written) - names_in(folder) if name <= reached)


def check_kept(folder: Path, lost: Collection[str], models: Path) -> None:
    """Refuse to hand out models with a gap.

    Raises:
        UserError: snapshots are lost; the text says what brings them back.
    """
    if lost:
        raise UserError(
            f"{folder / 'snapshots'} has lost {', '.join(lost)}, which resuming does not write again: copy "
            f"from {models / 'snapshots'} ({to_type('dvc checkout', models)} brings that back) or from a "
            f"copy of yours, or delete {folder} to train from the start"
        )


def check_origin(snapshot: Path, runs: Collection[str]) -> None:
    """Check the bytes of a snapshot, and that it is of one of these runs.

    Raises:
        UserError: it is damaged, or of another run.
    """
    origin = read_origin(snapshot)
    if origin.params_hash not in runs:
        raise UserError(f"{snapshot} is of another run, {origin.params_hash}: move it away")
