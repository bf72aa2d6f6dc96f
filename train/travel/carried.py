"""What DVC carries of the run behind trained models, so that another clone resumes it.

The stage writes the run's last checkpoint and log to an output beside the models. DVC deletes both outputs
before it runs the stage again. They are in DVC's cache then, and dvc.lock says which they were.
"""

import logging
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.program import hash_of
from fashion_pggan.storage.bounded.plain_file import open_plain
from fashion_pggan.storage.files import atomic_write, check_room
from fashion_pggan.storage.locks import exclusive
from fashion_pggan.storage.proof.listing import listed as keeping_list
from fashion_pggan.storage.targets import HeldTarget, Kind
from fashion_pggan.verify.dvc_cache import cache_folder
from fashion_pggan.verify.stage_outputs import listed, object_of, outputs_of
from train.damaged.damaged_runs import CHECKS
from train.lineage.about import FILE, About, read_about
from train.lineage.takeover import link
from train.saved.checkpoint import checkpoints_in, images_shown_of
from train.travel.run_files import kind_of, names_below

KIND = Kind("the run behind trained models")

log = logging.getLogger(__name__)


class Carried(NamedTuple):
    """A run that DVC carries."""

    folder: Path  # where it would be among the runs
    images_shown: int
    about: About


def carry(run: Path, target: HeldTarget) -> None:
    """Write a run's last checkpoint and its log to the output that DVC carries."""
    logs = [name for name in names_below(run) if kind_of(name) == "logs"]
    with target.replaced() as building:
        for name in [checkpoints_in(run)[-1].name, *logs]:
            link(run / name, building / name)


def take_in(runs: Path, wanted: set[str], carried: Path, models: Path) -> Carried | None:
    """Put the carried run among the runs if it is one of those that are wanted, and has no checkpoint there.

    Args:
        runs: folder of runs.
        wanted: names of runs.
        carried: the output that holds its checkpoint and log.
        models: the output that holds its snapshots.

    Returns:
        The carried run if it is another one, and not among the runs.
    """
    if all(checkpoints_in(runs / name) for name in wanted):
        return None
    try:
        files = dict(_files_of(carried, models))
        run = _run_in(runs, files)
        if run is None or checkpoints_in(run.folder):
            return None
        if run.folder.name not in wanted:
            return run
        _check(files)
        needed = sum(path.stat().st_size for path in files.values())
        check_room(runs, needed, f"resuming {run.folder.name} needs")
        _fill(run.folder, files)
        log.info("run %s comes from %s and %s, which DVC carries", run.folder.name, carried, models)
    except (OSError, ValueError) as error:
        log.warning(
            "the run behind %s cannot be taken from DVC (%s): run dvc pull %s %s, then train again to "
            "resume it",
            models,
            one_line(error),
            carried,
            models,
        )
    return None


def _run_in(runs: Path, files: Mapping[str, Path]) -> Carried | None:
    """The run that files are of."""
    checkpoint = max((name for name in files if kind_of(name) == "checkpoints"), default=None)
    if checkpoint is None or FILE not in files:
        return None
    said = read_about(files[FILE])
    return Carried(runs / hash_of(said.identity), images_shown_of(Path(checkpoint)), said)


def _files_of(carried: Path, models: Path) -> Iterator[tuple[str, Path]]:
    """The parts of the carried run: the path of each in a run's folder, and where it is now.

    Raises:
        UserError: DVC's cache lacks them.
    """
    for output in (carried, models):
        for name, path in _files_in(output).items():
            if kind_of(name) in ("checkpoints", "logs") or name.startswith(("snapshots/", "grids/")):
                yield name, path


def _files_in(output: Path) -> Mapping[str, Path]:
    """The files of an output, by path: in its folder; else in DVC's cache, as dvc.lock says."""
    if output.is_dir():
        return {name: output / name for name in names_below(output)}
    here = Path.cwd()
    locked = next((out for out in outputs_of(here) if here / out.path == here / output), None)
    if locked is None:
        return {}
    cache = cache_folder(here)
    files = listed(locked, cache)
    if files is None:
        raise UserError(f"the cache lacks {output}: run dvc pull {output}")
    return {name: object_of(md5, cache) for name, md5 in files.items()}


def _check(files: Mapping[str, Path]) -> None:
    """Whether all files are there and whole, by the hash that each carries.

    Raises:
        UserError: one is damaged.
        OSError: one is missing.
    """
    for name, path in files.items():
        with open_plain(path):
            check = CHECKS.get(Path(name).suffix)
        if check and (fault := check(path)):
            raise UserError(f"{path}, which is {name}, is damaged ({fault}): get another copy")


def _fill(folder: Path, files: Mapping[str, Path]) -> None:
    """Copy a run's files; the checkpoint comes last. Nothing shares its bytes with DVC's cache."""
    with exclusive(folder), keeping_list(folder):
        if checkpoints_in(folder):  # another start was faster
            return
        for name, path in sorted(files.items(), key=lambda item: kind_of(item[0]) == "checkpoints"):
            with open_plain(path) as source, atomic_write(folder / name) as target:
                shutil.copyfileobj(source, target)
