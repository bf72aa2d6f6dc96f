"""Which snapshot of a training makes the dataset: the best by distance, as the evaluation measured it."""

import logging
from pathlib import Path
from typing import Any

from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.json_text import json_in
from fashion_pggan.storage.bounded.plain_file import read_text
from generate.sampling.sampler import snapshots_in

log = logging.getLogger("generate")


def best_in(models: Path, distances: Path) -> Path:
    """The snapshot with the lowest average distance; the last one if none is better than the untrained.

    Args:
        models: the train stage's output.
        distances: the evaluate stage's `swd.json`, about these models.

    Raises:
        UserError: it cannot be read, or is about other snapshots.
    """
    snapshots = snapshots_in(models)
    best, untrained = _measured(distances)
    if best == untrained:
        log.info("by %s no snapshot is better than the untrained network; the last one is used", distances)
        return snapshots[-1]
    found = next((path for path in snapshots if float(path.stem) == best), None)
    if found is None:
        raise UserError(
            f"{distances} calls the snapshot at {best:g} kimg the best, and {models} has none: run dvc repro "
            "evaluate, which measures again"
        )
    if found != snapshots[-1]:
        log.info("the snapshot at %g kimg is used, the best of %d by %s", best, len(snapshots), distances)
    return found


def _measured(distances: Path) -> tuple[float, float | None]:
    """Thousand images shown of the best snapshot, and of the untrained one where it was measured."""
    try:
        values: dict[str, Any] = json_in(read_text(distances), finite=False)
        untrained = values["untrained"]
        return float(values["best"]["kimg"]), None if untrained is None else float(untrained["kimg"])
    except FileNotFoundError:
        raise UserError(f"no distances at {distances}: run the evaluate stage first (dvc repro)") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{distances} holds no distances of snapshots ({type(error).__name__}): run dvc repro evaluate"
        ) from error
