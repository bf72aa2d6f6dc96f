"""The list of a folder that grows from run to run: what belongs there, and the SHA-256 of each file.

While a command writes to the folder, the list says so. A killed command leaves the list in that state.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.files import make_folder, sha256_of, write_text
from fashion_pggan.storage.hashes import hashed_json, values_of

LIST = ".files.json"
CARRY_THEIR_OWN = (".npy", ".pt")  # hash: in a file beside, or in the file


@contextmanager
def listed(folder: Path, *, apart: Sequence[str] = ()) -> Iterator[None]:
    """Rewrite the list of a folder when the block ends, even with an error.

    Args:
        folder: made when missing.
        apart: folders below it whose files are recorded elsewhere.
    """
    make_folder(folder)
    write_text(folder / LIST, hashed_json({"open": True}))
    try:
        yield
    except BaseException:
        with suppress(OSError):  # what has happened matters more
            _write(folder, apart)
        raise
    _write(folder, apart)


def files_listed(folder: Path) -> dict[str, str] | None:
    """The SHA-256 of each file that belongs in a folder, by path; empty if the file carries its own.

    Returns:
        None when a command writes there, or was killed.

    Raises:
        FileNotFoundError: there is no list.
        ValueError: the list is damaged.
    """
    said = values_of(read_text(folder / LIST))
    return None if said.get("open") else dict(said["files"])


def files_below(folder: Path, apart: Sequence[str] = ()) -> Iterator[str]:
    """The paths of plain files below a folder, in order, without hidden files and folders."""
    for here, folders, files in os.walk(folder):
        below = Path(here).relative_to(folder)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and (below / name).as_posix() not in apart
        )
        plain = (name for name in sorted(files) if not name.startswith(".") and (Path(here) / name).is_file())
        yield from ((below / name).as_posix() for name in plain)


def _write(folder: Path, apart: Sequence[str]) -> None:
    files = {}
    for name in files_below(folder, apart):
        with suppress(FileNotFoundError):  # another process has removed it
            files[name] = "" if name.endswith(CARRY_THEIR_OWN) else sha256_of(folder / name)
    write_text(folder / LIST, hashed_json({"files": files}))
