"""Checks every file of a dataset, or of a folder with a mark, against its recorded SHA-256."""

from pathlib import Path

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.files import CHANGED, file_fault
from fashion_pggan.storage.hashes import HashMemory
from fashion_pggan.storage.proof.folder_mark import MARK, Written, written_in
from fashion_pggan.storage.proof.listing import files_below
from fashion_pggan.storage.proof.png_checksums import png_fault
from fashion_pggan.storage.shards import INDEX, Dataset
from fashion_pggan.storage.tables import table_fault
from fashion_pggan.storage.targets import LITTER
from fashion_pggan.verify.findings import MISSING, Faults, Unknown

NO_MEMORY = HashMemory(None)  # every file is read


def curated(folder: Path) -> Faults:
    """Each file of a curated dataset with what is wrong with it; empty when it is intact."""
    try:
        dataset = Dataset(folder)
    except UserError as error:
        yield folder / INDEX, str(error)
    else:
        yield folder / INDEX, ""
        for path, sha256 in dataset.shards():
            yield path, file_fault(path, sha256)
    yield from marked(folder)


def marked(folder: Path) -> Faults:
    """Each file of a folder, with how it differs from the mark: changed, missing or foreign."""
    try:
        written = written_in(folder)
    except FileNotFoundError:
        yield folder / MARK, f"{MISSING}: nothing says which files belong here"
        return
    except (OSError, ValueError) as error:
        yield folder / MARK, one_line(error)
        return
    yield folder / MARK, ""
    for name in sorted(written.names - {MARK}):
        yield folder / name, _fault(folder / name, name, written)
    for name in files_below(folder):
        if name not in written.names and Path(name).name not in LITTER:
            yield folder / name, "the mark does not list it"


def _fault(path: Path, name: str, written: Written) -> str:
    if not path.is_file():
        return MISSING
    try:
        if not written.fits(path, name, NO_MEMORY):
            return CHANGED
    except OSError as error:
        return one_line(error)
    if path.suffix == ".parquet":
        return table_fault(path)
    if path.suffix == ".png" and (fault := png_fault(path)):  # it was damaged before the mark was written
        return fault
    known = name in written.files or name in written.large
    return "" if known else Unknown("a former version wrote the mark, without hashes")
