"""A run that comes from elsewhere gets its place among the runs once all of it is there and checked."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn

from fashion_pggan.errors import UserError
from fashion_pggan.paths import to_type
from fashion_pggan.program import hash_of
from fashion_pggan.storage.building import beside, replacing
from fashion_pggan.storage.files import make_folder
from fashion_pggan.storage.proof.listing import listed
from train.damaged.damaged_runs import CHECKS
from train.lineage.about import FILE, about
from train.saved.checkpoint import checkpoints_in
from train.travel.run_files import kind_of, names_below

CHUNK = 1 << 20  # bytes copied at once


@contextmanager
def arriving(runs: Path, name: str) -> Iterator[Path]:
    """Fill a new run's folder, which takes its name when the block ends and its files are checked.

    Args:
        runs: folder of runs.
        name: of the run.

    Yields:
        The empty folder to fill.

    Raises:
        UserError: there is such a run, or what was filled in is not that run.
    """
    target = runs / name
    _check_absent(target)
    with beside(target, _refuse) as hidden:
        _check_absent(target)
        with replacing(target, hidden, _refuse) as new:
            with listed(new):
                yield new
            _check(new, name)


def copy_hashed(source: IO[bytes], target: Path, size: int, kind: str = "sha256") -> str:
    """Write `size` bytes of an open file to a new one; the hash of what was there."""
    digest = hashlib.new(kind, usedforsecurity=False)
    make_folder(target.parent)
    with target.open("xb") as file:
        while size and (data := source.read(min(size, CHUNK))):
            digest.update(data)
            file.write(data)
            size -= len(data)
    return digest.hexdigest()


def _check(run: Path, name: str) -> None:
    """Whether the files of a run are whole, and of that run.

    Raises:
        UserError: they are not.
    """
    for below in names_below(run):
        check = CHECKS.get(Path(below).suffix)
        if kind_of(below) and check and (fault := check(run / below)):
            raise UserError(f"{below} of run {name} is damaged ({fault}): get another copy")
    said = about(run) if (run / FILE).is_file() else None
    if said is None or not checkpoints_in(run):
        raise UserError(f"run {name} comes without {FILE} or a checkpoint: get another copy")
    if hash_of(said.identity) != name.partition("-")[0]:
        raise UserError(f"run {name} is not the run that its {FILE} describes: get another copy")


def _check_absent(target: Path) -> None:
    if target.exists() or target.is_symlink():
        removal = to_type("fashion-pggan runs remove", target.name, runs=target.parent)
        raise UserError(f"{target} is there already: remove it first ({removal}), or leave it as it is")


def _refuse(old: Path, called: Path) -> NoReturn:
    """A run that came in between is never replaced."""
    raise UserError(f"{called} is there by now: use that one, or remove it first")
