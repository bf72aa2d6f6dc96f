"""A run that begins where another one stands: its checkpoint, snapshots and log, by hard links."""

import logging
import re
from collections.abc import Iterable
from pathlib import Path

from fashion_pggan.errors import UserError
from fashion_pggan.paths import to_type
from fashion_pggan.storage.files import link_or_copy, make_folder
from fashion_pggan.storage.locks import holder_of
from train.lineage.about import About
from train.lineage.beside import Beside, beside, nearest
from train.lineage.identity import others, worded
from train.lineage.label_names import LABEL_NAMES, check_label_names
from train.saved.checkpoint import checkpoints_in, images_shown_of, is_whole

NAME = re.compile(r"([0-9]{6,}\.[0-9]{3})\.(safetensors|png)")  # of a snapshot or its grid

log = logging.getLogger(__name__)


def origin_at(place: str, runs: Path, now: About, elsewhere: Iterable[Beside] = ()) -> Beside:
    """The run to resume.

    Args:
        place: its name in `runs`, or its folder.
        runs: folder of runs.
        now: the new run.
        elsewhere: runs that DVC carries.

    Raises:
        UserError: there is none, it is at work, or its networks or labels are others.
    """
    folder = runs / place if (runs / place).is_dir() else Path(place)
    run = beside(folder, now)
    if run is None:
        raise UserError(
            f"train.resume {place} is not a run with a checkpoint, neither in {runs} nor as a folder: "
            f"give one that {to_type('fashion-pggan train status', runs=runs)} lists"
            f"{_instead(nearest(runs, now, elsewhere))}"
        )
    if (holder := holder_of(folder)) is not None:
        raise UserError(f"{folder} is being trained by process {holder}: stop it first")
    if LABEL_NAMES in run.changes:
        check_label_names(str(folder), *run.changes[LABEL_NAMES], "train.resume")
    if not run.resumes:
        raise UserError(
            f"{folder} is another run ({worded(others(run.changes))}): set these back to resume it, or "
            "leave train.resume empty"
        )
    return run


def _instead(run: Beside | None) -> str:
    """Which run can be resumed instead, in words."""
    if run is None or not run.resumes:
        return ""
    differs = f" (differs in {worded(run.changes)})" if run.changes else ""
    return (
        f"; {run.folder.name} is at {run.images_shown} images{differs}: to resume it, set train.resume to it"
    )


def check_room(run: Beside, total_kimg: float, last_image: float) -> None:
    """Refuse to resume a run beyond its new end, and say so where nothing is left to train.

    Args:
        run: the one to resume.
        total_kimg: to show in all.
        last_image: that such a run may show.

    Raises:
        UserError: the run has shown more images than that.
    """
    if run.images_shown > last_image:
        raise UserError(
            f"{run.folder} has shown {run.images_shown} images, and train.total_kimg {total_kimg:g} "
            "is less: raise it to resume the run, or leave train.resume empty to train a shorter one"
        )
    if run.images_shown >= total_kimg * 1000:
        log.warning(
            "%s has shown all images of train.total_kimg %g: its models are written again, and nothing is "
            "trained; raise train.total_kimg to train on",
            run.folder,
            total_kimg,
        )


def take_over(source: Path, folder: Path) -> None:
    """Give a new run's folder all that its checkpoint vouches for; the checkpoint comes last.

    Raises:
        UserError: no checkpoint is whole.
    """
    checkpoint = next((path for path in reversed(checkpoints_in(source)) if is_whole(path)), None)
    if checkpoint is None:
        raise UserError(f"all checkpoints in {source} are damaged: restore them from a copy")
    shown = images_shown_of(checkpoint)
    for path in [*source.glob("snapshots/*"), *source.glob("grids/*")]:
        named = NAME.fullmatch(path.name)
        if named and round(float(named[1]) * 1000) <= shown:
            link(path, folder / path.parent.name / path.name)
    for path in [*source.glob("tensorboard/*"), *source.glob("training.csv")]:
        link(path, folder / path.relative_to(source))
    link(checkpoint, folder / checkpoint.name)


def link(source: Path, target: Path) -> None:
    """Link or copy a file over what has its new name; a copy takes the name once it is complete."""
    make_folder(target.parent)
    target.unlink(missing_ok=True)
    temporary = target.with_name(f".{target.name}.part")
    temporary.unlink(missing_ok=True)
    link_or_copy(source, temporary)
    temporary.replace(target)
