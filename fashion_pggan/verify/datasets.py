"""Datasets against the SHA-256 that they carry: shards by the index, other files by the folder's mark."""

from collections.abc import Iterator
from pathlib import Path

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.files import file_fault
from fashion_pggan.storage.proof.folder_mark import MARK, hashes_in
from fashion_pggan.storage.shards import INDEX, Dataset
from fashion_pggan.storage.tables import table_fault


def curated(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each file of a curated dataset with what is wrong with it; empty where nothing is."""
    try:
        dataset = Dataset(folder)
    except UserError as error:
        yield folder / INDEX, str(error)
    else:
        yield folder / INDEX, ""
        for path, sha256 in dataset.shards():
            yield path, file_fault(path, sha256)
    yield from marked(folder)


def marked(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each file of a folder with a mark, apart from those that only others know; and each Parquet file."""
    for path in sorted(folder.rglob("*.parquet")):
        yield path, table_fault(path)
    if not (folder / MARK).is_file():
        return
    try:
        hashes = hashes_in(folder)
    except (OSError, ValueError) as error:
        yield folder / MARK, one_line(error)
        return
    yield folder / MARK, ""
    for name, sha256 in hashes.items():
        yield folder / name, file_fault(folder / name, sha256)
