"""The runs beside a new one: which is nearest, what differs, and how to resume it."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fashion_pggan.errors import UserError
from fashion_pggan.paths import to_type
from fashion_pggan.program import hash_of
from train.lineage.about import MACHINE, About, about, changes_between
from train.lineage.identity import ORIGIN, Differences, others, worded
from train.saved.checkpoint import checkpoints_in, images_shown_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Beside:
    """A run with a checkpoint."""

    folder: Path
    images_shown: int
    about: About
    changes: Differences  # what the new one has otherwise; the machine does not count

    @property
    def resumes(self) -> bool:
        """Whether the new run can resume it."""
        return not others(self.changes)


def beside(folder: Path, now: About) -> Beside | None:
    """The run in a folder; None if it has no checkpoint.

    Raises:
        UserError: it cannot be read.
    """
    checkpoints = checkpoints_in(folder)
    before = about(folder) if checkpoints else None
    if before is None:
        return None
    return compared(folder, images_shown_of(checkpoints[-1]), before, now)


def compared(folder: Path, images_shown: int, before: About, now: About) -> Beside:
    """A run as it is to a new one.

    Args:
        folder: its own; it may be missing, where DVC carries the run.
        images_shown: at its last checkpoint.
        before: what it says of itself.
        now: the new run.
    """
    changes = {name: pair for name, pair in changes_between(before, now).items() if name not in MACHINE}
    return Beside(folder, images_shown, before, changes)


def nearest(runs: Path, now: About, elsewhere: Iterable[Beside] = ()) -> Beside | None:
    """Of all runs the one that differs least: one that can be resumed first, then the longest."""
    found = [*_runs_in(runs, now), *elsewhere]
    return min(found, key=lambda run: (not run.resumes, len(run.changes), -run.images_shown), default=None)


def tell_nearest(runs: Path, now: About, begins: str, elsewhere: Iterable[Beside] = ()) -> None:
    """Say by name which run is left behind by a start from the first image, and what resumes it.

    Args:
        runs: folder of runs.
        now: the new run.
        begins: how, in words.
        elsewhere: runs that DVC carries.
    """
    run = nearest(runs, now, elsewhere)
    if run is None:
        log.info(
            "no earlier run in %s: %s (fashion-pggan runs export and import bring one from another clone)",
            runs,
            begins,
        )
        return
    standing = f"{run.folder}, {run.images_shown} images shown,"
    if not run.resumes:
        _tell_other(run, standing, now, begins)
        return
    if not run.changes and run.about.identity.get(ORIGIN) == now.identity.get(ORIGIN):
        log.info("%s is longer than train.total_kimg, so a shorter one begins: %s", standing, begins)
        return
    differs = worded(run.changes) or f"train.resume: {run.about.identity.get(ORIGIN)} -> none"
    log.warning(
        "%s differs in %s: %s; to resume it instead, give %s, or set train.resume to %s in params.yaml",
        standing,
        differs,
        begins,
        to_type("--resume", run.folder.name),
        run.folder.name,
    )


def _tell_other(run: Beside, standing: str, now: About, begins: str) -> None:
    found = others(run.changes)
    if found.keys() == {"start_from"} and run.about.start_from == now.start_from:
        log.warning(
            "%s began with %s as it was then, and the weights there have changed: %s; to resume it instead, "
            "give %s, or set train.resume to %s in params.yaml",
            standing,
            now.start_from,
            begins,
            to_type("--resume", run.folder.name),
            run.folder.name,
        )
        return
    log.info("%s is another run (%s): %s", standing, worded(found), begins)


def tell_descendant(origin: Beside, runs: Path, now: About) -> None:
    """Say by name which run has resumed `origin` before this one, and got farther."""
    name = hash_of(origin.about.identity)
    farther = [
        run
        for run in _runs_in(runs, now)
        if run.resumes
        and run.images_shown > origin.images_shown
        and any(change.before == name for change in run.about.history)
    ]
    if farther:
        run = max(farther, key=lambda each: each.images_shown)
        log.warning(
            "%s resumed %s before and has shown %d images: going back to %d, as train.resume says; to resume "
            "it instead, set train.resume to %s in params.yaml (it differs in %s)",
            run.folder,
            origin.folder,
            run.images_shown,
            origin.images_shown,
            run.folder.name,
            worded(run.changes),
        )


def _runs_in(runs: Path, now: About) -> Iterator[Beside]:
    for folder in sorted(runs.glob("*/")):
        try:
            run = beside(folder, now)
        except UserError as error:  # who asks for it by name is told
            log.info("%s is left out: %s", folder, error)
            continue
        if run:
            yield run
