"""Sends what runs have written to a tracker, and again what is new, from outside of the trainings."""

import csv
import json
import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from fashion_pggan.errors import PassingError, UserError, one_line
from train.lineage.about import FILE, about
from train.lineage.title import presets_here, title_of
from train.record.log import TAGS, read_rows
from train.record.status import run_status
from train.tracking.tracker import Named, Tracker

EVERY_S = 30.0  # seconds between two looks at runs that train
ROWS, IMAGES, DISTANCES = "rows", "samples", "distances"  # series
TRAINING = "training"  # the state of a run
GRIDS = "grids/[0-9]*.png"  # of snapshots, by kimg
TRAINED, EVALUATED = "train.json", "evaluation.json"
MEASURED = "SWDx1e3_"  # begins the names of distances

log = logging.getLogger(__name__)


class Mirror:
    """Runs and what a tracker has of them.

    Args:
        runs: folders of runs.
        opened: opens a run at the tracker.
        project: of the tracker.
        reports: the folder with the distances of the snapshots of one of the runs.
    """

    def __init__(
        self, runs: Sequence[Path], opened: Callable[[Named], Tracker], project: str, reports: Path
    ) -> None:
        self.runs, self.opened, self.project, self.reports = runs, opened, project, reports
        self.presets = presets_here()
        self.trackers: dict[Path, Tracker] = {}  # of the runs that train

    def send(self) -> None:
        """Send what is new of every run.

        Raises:
            PassingError: the tracker takes nothing.
            UserError: a run cannot be read.
        """
        with self:
            self._look()

    def follow(self) -> None:
        """Send what is new until no run trains any more."""
        with self:
            while self._looked():
                time.sleep(EVERY_S)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        for tracker in self.trackers.values():
            tracker.close(TRAINING)

    def _looked(self) -> bool:
        try:
            return self._look()
        except PassingError as error:
            log.warning("%s", error)
            return True

    def _look(self) -> bool:
        """Send what is new; returns whether a run still trains."""
        return TRAINING in [self._sent(run) for run in self.runs]

    def _sent(self, run: Path) -> str:
        """Send what is new of a run; returns its state."""
        # before its rows: what it writes from here on is for the next time
        state = str(run_status(run)["state"])
        named = None if run in self.trackers else self._named(run)
        try:
            tracker = self.opened(named) if named else self.trackers[run]
            count = _add(tracker, run, self.reports)
            self.trackers[run] = tracker
            if state != TRAINING:
                self.trackers.pop(run).close(state)
        except Exception as error:
            self.trackers.pop(run, None)
            raise PassingError(
                f"{run} could not be sent ({one_line(error)}): look at the tracker's address and key, then "
                "run the same command, which sends the rest"
            ) from error
        log.info("%s (%s): %d new entries, at %s", run, state, count, tracker.place)
        return state

    def _named(self, run: Path) -> Named:
        said = about(run)
        if said is None:
            raise UserError(f"{run} has no {FILE}: give the folder of a run (fashion-pggan runs list)")
        facts = {
            "git_commit": said.git_commit,
            **said.facts,
            "history": [str(change) for change in said.history],
        }
        return Named(
            self.project,
            run.name,
            title_of(run, self.presets),
            said.identity,
            {name: value if isinstance(value, str) else json.dumps(value) for name, value in facts.items()},
        )


def _add(tracker: Tracker, run: Path, reports: Path) -> int:
    """Add what a tracker lacks of a run; returns how many entries."""
    count = 0
    for series, entries in ((ROWS, _rows(run)), (DISTANCES, _distances(run, reports))):
        last = tracker.sent(series)
        for images_shown, values in entries:
            if images_shown > last:
                tracker.scalars(series, images_shown, _finite(values))
                count += 1
    last = tracker.sent(IMAGES)
    for path in sorted(run.glob(GRIDS)):
        if (images_shown := round(float(path.stem) * 1000)) > last:
            tracker.image(IMAGES, images_shown, path)
            count += 1
    return count


def _rows(run: Path) -> Iterator[tuple[int, Mapping[str, float]]]:
    for row in read_rows(run / "training.csv"):
        yield round(row.kimg * 1000), {tag: float(getattr(row, name)) for name, tag in TAGS.items()}


def _distances(run: Path, reports: Path) -> Iterator[tuple[int, Mapping[str, float]]]:
    """The distances of a run's snapshots, times 1000, where the reports are of that run."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        trained, measured = (json.loads((reports / name).read_text()) for name in (TRAINED, EVALUATED))
        ours = trained["params_hash"] == run.name.split("-")[0]
        rows = list(csv.DictReader((reports / "swd.csv").read_text().splitlines()))
        there = {float(path.stem) for path in run.glob(GRIDS)}
        # a training that lost the comparison of the weekly flow is not evaluated: the reports are of another
        if (
            ours
            and trained["dataset_version"] == measured["dataset"]
            and {float(row["kimg"]) for row in rows} <= there
        ):
            for row in rows:
                found = {
                    f"distance/{name}": float(each) for name, each in row.items() if name.startswith(MEASURED)
                }
                yield round(float(row["kimg"]) * 1000), found


def _finite(values: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if math.isfinite(value)}
