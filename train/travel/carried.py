"""What DVC carries of the run behind trained models, so that another clone resumes it.

The stage writes the run's last checkpoint and log to an output beside the models. DVC deletes both outputs
before it runs the stage again. They are in DVC's cache then, and dvc.lock says which they were.
"""

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.paths import to_type
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
USUAL = Path("data/run")  # as dvc.yaml has it

log = logging.getLogger(__name__)


class NotHereError(FileNotFoundError):
    """DVC's cache never had an output, as in a new worktree."""


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


def take_in(
    runs: Path, wanted: Sequence[str], carried: Path, models: Path, *, afresh: bool = False
) -> Carried | None:
    """Put the carried run among the runs if it is one of those that are wanted, and farther than there.

    Args:
        runs: folder of runs.
        wanted: names of runs: first the one to train, then what it resumes.
        carried: the output that holds its checkpoint and log.
        models: the output that holds its snapshots.
        afresh: whether to train without it where DVC lacks it.

    Returns:
        The carried run if it is another one, and not among the runs.

    Raises:
        UserError: DVC carries a run, lacks its files, and no wanted run has a checkpoint here.
    """
    try:
        files = dict(_files_of(carried, models))
        run = _run_in(runs, files)
        if run is None or run.folder.name not in wanted:
            return run if run and not checkpoints_in(run.folder) else None
        if run.images_shown <= _shown_in(run.folder):
            return None
        _check(files)
    except (OSError, ValueError) as error:
        _lost(
            f"the run behind {models} cannot be taken from DVC ({one_line(error)})",
            [carried, models],
            max(_shown_in(runs / name) for name in wanted),
            afresh=afresh or (isinstance(error, NotHereError) and not _has_remote()),
        )
        return None
    needed = sum(path.stat().st_size for path in files.values())
    check_room(runs, needed, f"resuming {run.folder.name} needs")
    _fill(run, files)
    log.info("run %s comes from %s and %s, which DVC carries", run.folder.name, carried, models)
    return None


def tell_farther(runs: Path, wanted: Sequence[str], models: Path, carried: Path = USUAL) -> None:
    """Tell a start that takes nothing from DVC that DVC carries a wanted run, farther than it is here."""
    try:
        run = _run_in(runs, dict(_files_of(carried, models)))
    except (OSError, ValueError):
        return
    if run and run.folder.name in wanted and run.images_shown > _shown_in(run.folder):
        log.warning(
            "%s has run %s at %d images, and %s at %d: to resume there, stop, and give --carried %s",
            carried,
            run.folder.name,
            run.images_shown,
            runs,
            _shown_in(run.folder),
            carried,
        )


def _lost(what: str, outputs: Sequence[Path], here: int, *, afresh: bool) -> None:
    """Refuse to train without the carried run, unless it is asked for, or this one is at work already."""
    if here:
        log.info("%s: resuming what is here", what)
    elif afresh:
        log.warning("%s: training without it", what)
    else:
        raise UserError(
            f"{what}: run {to_type('dvc pull', *outputs)} to resume it, or set train.afresh to true to train "
            "without it"
        )


def _has_remote() -> bool:
    """Whether `dvc pull` could bring what the cache lacks."""
    files = [path for path in (Path(".dvc/config"), Path(".dvc/config.local")) if path.is_file()]
    return any('remote "' in path.read_text(errors="replace") for path in files)


def _shown_in(run: Path) -> int:
    """Images shown at the last checkpoint in a folder; 0: there is none."""
    return max(map(images_shown_of, checkpoints_in(run)), default=0)


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
        OSError: DVC's cache lacks them.
    """
    for output in (carried, models):
        for name, path in _files_in(output).items():
            kind = kind_of(name)
            if kind in ("checkpoints", "logs") or (kind and name.startswith(("snapshots/", "grids/"))):
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
        raise NotHereError(f"the cache lacks {output}")
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


def _fill(run: Carried, files: Mapping[str, Path]) -> None:
    """Copy a run's files; the checkpoint comes last. Nothing shares its bytes with DVC's cache."""
    folder = run.folder
    with exclusive(folder), keeping_list(folder):
        if _shown_in(folder) >= run.images_shown:  # another start was faster
            return
        for name, path in sorted(files.items(), key=lambda item: kind_of(item[0]) == "checkpoints"):
            with open_plain(path) as source, atomic_write(folder / name) as target:
                shutil.copyfileobj(source, target)
