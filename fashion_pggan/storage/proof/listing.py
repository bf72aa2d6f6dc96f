"""The list of a folder that grows from run to run: what belongs there, and the SHA-256 of each file.

While a command writes to the folder, the list says so. A killed command leaves the list in that state. A file
that a command does not write keeps its entry, or stays unlisted: earlier damage stays noticed.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.files import make_folder, sha256_of, write_text
from fashion_pggan.storage.hashes import hashed_json, state_of, values_of

LIST = ".files.json"
CARRY_THEIR_OWN = (".npy", ".pt")  # hash: in a file beside, or in the file


@contextmanager
def listed(folder: Path, *, apart: Sequence[str] = ()) -> Iterator[None]:
    """Bring the list of a folder up to date when the block ends, even with an error.

    Args:
        folder: made when missing.
        apart: folders below it whose files are recorded elsewhere.
    """
    make_folder(folder)
    former = _former(folder)
    before = {} if former is None else _states(folder, apart)
    write_text(folder / LIST, hashed_json({"open": True}))
    try:
        yield
    except BaseException:
        with suppress(OSError):  # what has happened matters more
            _write(folder, apart, former or {}, before)
        raise
    _write(folder, apart, former or {}, before)


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


def _former(folder: Path) -> dict[str, str] | None:
    """The list that a command left, None where there is none that can be relied on."""
    try:
        return files_listed(folder)
    except (OSError, ValueError):
        return None


def _states(folder: Path, apart: Sequence[str]) -> dict[str, str]:
    states = {}
    for name in files_below(folder, apart):
        with suppress(FileNotFoundError):  # another process has removed it
            states[name] = state_of((folder / name).stat())
    return states


def _write(folder: Path, apart: Sequence[str], former: Mapping[str, str], before: Mapping[str, str]) -> None:
    files: dict[str, str] = {}
    for name, state in _states(folder, apart).items():
        if state == before.get(name):
            files |= {name: former[name]} if name in former else {}
            continue
        with suppress(FileNotFoundError):
            files[name] = "" if name.endswith(CARRY_THEIR_OWN) else sha256_of(folder / name)
    write_text(folder / LIST, hashed_json({"files": files}))
