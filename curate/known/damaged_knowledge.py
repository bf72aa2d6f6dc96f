"""Reads all stores of facts and levels and says which of their files are damaged."""

from pathlib import Path
from zipfile import ZipFile

from curate.known.stores import pack_of
from fashion_pggan.errors import one_line
from fashion_pggan.storage.files import file_fault
from fashion_pggan.storage.tables import table_fault
from fashion_pggan.verify import listed
from fashion_pggan.verify.findings import Faults


def faults(folder: Path) -> Faults:
    """Each file of all stores with what is wrong with it; empty when it is whole."""
    yield from listed.faults(folder)
    for path in sorted(folder.glob("*-*/*.parquet")):
        yield path, table_fault(path)
    for path in sorted(folder.glob("facts-*/copies-*.npz")):
        yield path, _archive_fault(path)
    for path in sorted(folder.glob("levels-*/*.json")):
        try:
            _, sha256 = pack_of(path)
        except (OSError, ValueError) as error:
            yield path, one_line(error)
        else:
            yield path, ""
            yield path.with_suffix(".npy"), file_fault(path.with_suffix(".npy"), sha256)


def _archive_fault(path: Path) -> str:
    try:
        with ZipFile(path) as archive:
            broken = archive.testzip()
    except Exception as error:  # zipfile and zlib raise whatever they like on broken bytes
        return one_line(error)
    return f"{broken} in it is damaged" if broken else ""
