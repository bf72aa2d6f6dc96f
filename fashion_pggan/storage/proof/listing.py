"""The list of a folder that grows from run to run: what belongs there, and the SHA-256 of each file.

While a command writes to the folder, the list says so. A killed command leaves the list in that state. A file
that a command does not write keeps its entry, even if it is missing, or stays unlisted: earlier damage stays
noticed.
"""

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from fashion_pggan.errors import one_line
from fashion_pggan.paths import to_type
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.files import make_folder, remove_left_over, sha256_of, write_text
from fashion_pggan.storage.hashes import hashed_json, state_of, values_of
from fashion_pggan.storage.locks import exclusive
from fashion_pggan.storage.proof.folder_mark import check_not_within

LIST = ".files.json"
CARRY_THEIR_OWN = (".npy", ".pt")  # hash: in a file beside, or in the file
NAMED = 3  # missing files, in a message

Files = dict[str, str]  # the SHA-256 of each file by its path; empty if the file carries its own

log = logging.getLogger(__name__)


class Listed(NamedTuple):
    """What a list says."""

    files: Files  # while it is open: those that were missing before
    is_open: bool = False  # a command writes there, or was killed


@contextmanager
def listed(folder: Path, *, apart: Sequence[str] = ()) -> Iterator[None]:
    """Bring the list of a folder up to date when the block ends, even with an error.

    Args:
        folder: made when missing.
        apart: folders below it whose files are recorded elsewhere.

    Raises:
        UserError: the folder, or one above it, is replaced as a whole.
    """
    check_not_within(folder / LIST)
    make_folder(folder)
    for here, _ in _walk(folder, apart):
        remove_left_over(here)
    former = _former(folder)
    before = {} if former.is_open else _states(folder, apart)
    lost = {name: sha256 for name, sha256 in former.files.items() if not (folder / name).is_file()}
    write_text(folder / LIST, hashed_json({"open": True, "files": lost}))
    try:
        yield
    except BaseException:
        with suppress(OSError):  # what has happened matters more
            _write(folder, apart, former.files, before, lost)
        raise
    _write(folder, apart, former.files, before, lost)


def files_listed(folder: Path) -> Listed:
    """What the list of a folder says.

    Raises:
        FileNotFoundError: there is no list.
        ValueError: the list is damaged.
    """
    said = values_of(read_text(folder / LIST))
    return Listed(dict(said.get("files", {})), bool(said.get("open")))


def changed_in(folder: Path, ending: str) -> set[str]:
    """The listed files with an ending that are there, but are not what was written; none without a list."""
    try:
        files = files_listed(folder).files
    except (OSError, ValueError):
        return set()
    return {
        name
        for name, sha256 in files.items()
        if name.endswith(ending) and (folder / name).is_file() and sha256_of(folder / name) != sha256
    }


def take_off_missing(folder: Path) -> list[str]:
    """Take the missing files off the list of a folder; returns their names.

    Raises:
        UserError: a command writes there.
        OSError, ValueError: as `files_listed`.
    """
    with exclusive(folder):
        said = files_listed(folder)
        missing = sorted(name for name in said.files if not (folder / name).is_file())
        kept = {name: sha256 for name, sha256 in said.files.items() if name not in missing}
        if missing:
            write_text(folder / LIST, hashed_json({"open": said.is_open, "files": kept}))
    return missing


def files_below(folder: Path, apart: Sequence[str] = ()) -> Iterator[str]:
    """The paths of plain files below a folder, in order, without hidden files and folders."""
    for here, files in _walk(folder, apart):
        plain = (name for name in files if not name.startswith(".") and (here / name).is_file())
        yield from ((here / name).relative_to(folder).as_posix() for name in plain)


def _walk(folder: Path, apart: Sequence[str]) -> Iterator[tuple[Path, list[str]]]:
    """A folder and those below it, without hidden ones and those apart, each with its files' names."""
    for here, folders, files in os.walk(folder):
        below = Path(here).relative_to(folder)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and (below / name).as_posix() not in apart
        )
        yield Path(here), sorted(files)


def _former(folder: Path) -> Listed:
    """The list that the last command left; an open one without files if it cannot be relied on."""
    try:
        return files_listed(folder)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        log.warning(
            "%s is damaged (%s): a new list begins, and takes files without a hash of their own for intact",
            folder / LIST,
            one_line(error),
        )
    return Listed({}, is_open=True)


def _tell_lost(folder: Path, lost: Iterable[str]) -> None:
    if names := sorted(lost):
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        log.warning(
            "%s has lost %s%s since a command wrote there: copy what you need from a backup, or accept the "
            "loss with %s",
            folder,
            ", ".join(names[:NAMED]),
            more,
            to_type("fashion-pggan verify --accept-missing", folder),
        )


def _states(folder: Path, apart: Sequence[str]) -> dict[str, str]:
    states = {}
    for name in files_below(folder, apart):
        with suppress(FileNotFoundError):  # another process has removed it
            states[name] = state_of((folder / name).stat())
    return states


def _write(
    folder: Path, apart: Sequence[str], former: Files, before: Mapping[str, str], lost: Mapping[str, str]
) -> None:
    files, states = dict(lost), _states(folder, apart)
    for name, state in states.items():
        if state == before.get(name):
            files |= {name: former[name]} if name in former else {}
            continue
        with suppress(FileNotFoundError):
            files[name] = "" if name.endswith(CARRY_THEIR_OWN) else sha256_of(folder / name)
    _tell_lost(folder, lost.keys() - states.keys())
    write_text(folder / LIST, hashed_json({"files": files}))
