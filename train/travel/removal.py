"""Deletes a run, and nothing that is not part of it."""

from contextlib import suppress
from pathlib import Path

from fashion_pggan.storage.locks import LOCK, exclusive
from fashion_pggan.storage.proof.listing import LIST
from train.travel.run_files import KINDS, check_ours, kind_of, sizes_of

LAST = ("status.json", LIST, LOCK)  # by these a killed removal is found, and ended by the next one


def remove(run: Path) -> int:
    """Delete the folder of a run.

    Checkpoints go first: no training resumes from a run that is half deleted.

    Args:
        run: its folder.

    Returns:
        Bytes that are free now.

    Raises:
        UserError: a process trains it, or a file in it is not part of the run, or has changed.
    """
    with exclusive(run, wait_s=0.0):
        names = check_ours(run)
        freed = sizes_of(run)["own"]
        order = {kind: place for place, kind in enumerate(KINDS)}
        names.sort(key=lambda name: (LAST.index(name) if name in LAST else -1, order.get(kind_of(name), 9)))
        for name in names:
            (run / name).unlink(missing_ok=True)
        for folder in sorted((path for path in run.rglob("*") if path.is_dir()), reverse=True):
            folder.rmdir()
        with suppress(OSError):  # something has come in meanwhile
            run.rmdir()
    return freed
