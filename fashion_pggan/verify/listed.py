"""Checks folders that grow against their lists: which files are missing or have changed."""

from pathlib import Path

from fashion_pggan.errors import one_line
from fashion_pggan.storage.files import file_fault
from fashion_pggan.storage.proof.listing import LIST, files_listed
from fashion_pggan.verify.findings import MISSING, Faults, Unknown

OPEN = Unknown("a command writes there or was killed: what is missing cannot be told until one has ended")

LOST = f"{MISSING}; if you removed it on purpose, give --accept-missing"


def faults(folder: Path) -> Faults:
    """Each file of a folder's list with what is wrong with it; empty when it is intact."""
    try:
        files, is_open = files_listed(folder)
    except FileNotFoundError:
        yield folder / LIST, f"{MISSING}: nothing says which files belong here"
        return
    except (OSError, ValueError) as error:
        yield folder / LIST, one_line(error)
        return
    yield folder / LIST, OPEN if is_open else ""
    for name, sha256 in files.items():
        path = folder / name
        if sha256 or not path.is_file():
            yield path, file_fault(path, sha256) if path.is_file() else LOST
