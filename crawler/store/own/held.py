"""Holds a store for one process at a time, and refuses a folder that was never a store."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crawler.store.recorded import IMAGES, read_recorded
from fashion_pggan.errors import UserError
from fashion_pggan.storage.locks import LOCK, exclusive, is_lock
from fashion_pggan.storage.packed.tar_shards import FOLDER
from fashion_pggan.storage.proof.listing import listed


@contextmanager
def held_store(folder: Path) -> Iterator[None]:
    """Hold a store, which may be missing, for this process alone.

    Raises:
        UserError: another process holds it, or the folder holds something else.
    """
    if not _may_hold_a_store(folder):
        raise UserError(f"{folder} is not the store of a crawl: give an empty folder, or one of a crawl")
    with exclusive(folder), listed(folder, apart=(IMAGES, FOLDER)):  # records tell of the images
        yield


def _may_hold_a_store(folder: Path) -> bool:
    """Whether it has the lock of an earlier crawl, or records: a copy of a store may lack the lock."""
    if not folder.is_dir() or not any(folder.iterdir()) or is_lock(folder / LOCK):
        return True
    return bool(read_recorded(folder).images)
