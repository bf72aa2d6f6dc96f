"""The files of a run, by kind; whatever has another name is not part of a run."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from fashion_pggan.errors import UserError
from fashion_pggan.paths import to_type
from fashion_pggan.storage.hashes import HashMemory, hash_memory
from fashion_pggan.storage.locks import LOCK
from fashion_pggan.storage.proof.listing import LIST, Files, files_listed
from fashion_pggan.storage.proof.png_checksums import carries_hash
from fashion_pggan.storage.targets import LITTER
from train.damaged.damaged_runs import CHECKS
from train.record.log import EVENTS, wrote_events
from train.saved.checkpoint import checkpoints_in

KINDS = {
    "checkpoints": re.compile(r"checkpoint-[0-9]{12,15}\.pt"),
    "snapshots": re.compile(r"snapshots/[0-9]{6,12}\.[0-9]{3}\.safetensors|(?:latest|networks)\.safetensors"),
    "images": re.compile(r"grids/[0-9]{6,12}\.[0-9]{3}\.png|latest\.png"),
    "logs": re.compile(
        r"training\.csv|(?:run|status)\.json|tensorboard/events\.out\.tfevents\.[\w.-]{1,200}"
    ),
}
HALF_WRITTEN = re.compile(r"\.(?P<name>.+)\.(?:[0-9a-f]{8}\.pggan|part)")  # what a kill leaves
CARRY_THEIR_OWN = (".pt", ".safetensors")  # hash
OTHERS = "others"


def kind_of(name: str) -> str:
    """The kind of a file, by its path below the run's folder; empty: it is not part of a run."""
    return next((kind for kind, pattern in KINDS.items() if pattern.fullmatch(name)), "")


def folder_of(place: str | Path, runs: Path) -> Path:
    """A run's folder, by its name in a folder of runs, or as it is.

    Raises:
        UserError: there is none.
    """
    named = runs / place
    folder = named if named.is_dir() else Path(place)
    if not folder.is_dir():
        raise UserError(
            f"no run {place}, neither in {runs} nor as a folder: give one that "
            f"{to_type('fashion-pggan runs list', runs=runs)} shows"
        )
    if folder.is_symlink():
        raise UserError(f"{folder} is a link: give the folder itself")
    if not (folder / "status.json").is_file() and not checkpoints_in(folder):
        raise UserError(
            f"{folder} is not the folder of a run (it has no status.json and no checkpoint): give another"
        )
    return folder


def names_below(folder: Path) -> Iterator[str]:
    """Every file and link below a folder, hidden ones too, with slashes."""
    for here, folders, files in os.walk(folder):
        below = Path(here).relative_to(folder)
        links = [name for name in folders if (Path(here) / name).is_symlink()]
        folders.sort()
        yield from sorted((below / name).as_posix() for name in [*files, *links])


def sizes_of(run: Path) -> dict[str, int]:
    """Bytes of a run's files by kind, and `own`: those that no other name shares, free once it is removed."""
    sizes = Counter(dict.fromkeys([*KINDS, OTHERS, "own"], 0))
    for name in names_below(run):
        try:
            found = (run / name).lstat()
        except FileNotFoundError:  # a training has removed it
            continue
        sizes[kind_of(name) or OTHERS] += found.st_size
        sizes["own"] += found.st_size if found.st_nlink == 1 else 0
    return dict(sizes)


def check_ours(run: Path) -> list[str]:
    """Make sure that deleting a run deletes only what this program wrote.

    A file on the run's list has its hash there. Any other must prove itself, and so must TensorBoard's,
    which may have come in while the list was open.

    Returns:
        The paths of its files.

    Raises:
        UserError: a file is foreign, has changed, or may be.
    """
    try:
        said = files_listed(run)
        listed = None if said.is_open else said.files
    except (OSError, ValueError, KeyError):
        listed = None
    names = list(names_below(run))
    with hash_memory() as memory:
        for name in names:
            path = run / name
            if _belongs(name) and not path.is_symlink():
                continue
            if path.is_symlink() or not path.is_file() or not kind_of(name):
                raise _kept(f"{run} holds {name}, which is not part of a run")
            if doubt := _doubt(path, name, listed, memory):
                raise _kept(f"{path} {doubt}")
    return names


def _doubt(path: Path, name: str, listed: Files | None, memory: HashMemory) -> str:
    """Why a file may be the user's; empty if this program wrote it, as it is now."""
    if path.name.startswith(EVENTS) and not wrote_events(path):
        return "does not say that this program wrote it"
    if listed is not None and (sha256 := listed.get(name)):
        return "" if memory.matches(path, sha256) else "has changed since it was written"
    if listed is not None and not name.endswith(CARRY_THEIR_OWN):
        return "is not in the run's list of what was written"
    if (check := CHECKS.get(path.suffix)) and (fault := check(path)):
        return f"is not what was written ({fault})"
    known = path.suffix != ".png" or carries_hash(path)
    return "" if known else f"does not say that this program wrote it, nor does the run's list ({LIST})"


def _belongs(name: str) -> bool:
    """Whether a file is the list, the lock, what a kill left half written, or a file manager's."""
    path = PurePosixPath(name)
    left = HALF_WRITTEN.fullmatch(path.name)
    whole = (path.parent / left["name"]).as_posix() if left else ""
    return name in (LIST, LOCK) or path.name in LITTER or bool(whole == LIST or kind_of(whole))


def _kept(what: str) -> UserError:
    return UserError(f"{what}: move it away, then remove the run")
