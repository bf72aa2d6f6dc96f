"""A run's images: snapshots and sample grids of the same latent vectors."""

import logging
import math
from pathlib import Path

from fashion_pggan.errors import UserError
from fashion_pggan.images.grid import png_of
from fashion_pggan.program import hash_of
from fashion_pggan.storage.files import write_bytes
from fashion_pggan.storage.shards import Images
from train.lineage.about import OTHER_DATASET, UNSEEN
from train.model.randomness import inputs_of
from train.record.images.samples import grid_of, images_of, stddev_of, stddev_over
from train.record.intervals import EveryKimg, EverySeconds
from train.record.log import History
from train.record.training import Training
from train.saved.snapshot import ALL_NETWORKS, Origin, read_origin, snapshot_path, write_snapshot

COMPARED = 16  # images, at least, whose standard deviation is taken
LATEST = "latest"  # name of the newest snapshot and grid, which are rewritten by the clock

log = logging.getLogger(__name__)


class Gallery:
    """Writes images and snapshots of a run's averaged generator.

    It writes `snapshots/` and `grids/` at fixed numbers of images shown, and at the end
    `networks.safetensors`, from which another run can start. They are the run's results, and do not depend on
    how often it was resumed. It rewrites `latest.safetensors` and `latest.png` by the clock, for people who
    watch.
    """

    def __init__(self, training: Training, history: History) -> None:
        self.training, self.history = training, history
        params = training.params
        self.due = EveryKimg(params.snapshot_kimg, training.looked_at)
        self.snapshot_clock, self.grid_clock = EverySeconds(params.snapshot_s), EverySeconds(params.grid_s)
        self.shown = params.grid_columns * params.grid_rows
        count = max(self.shown, COMPARED)
        shares = list(training.labels.values())
        latents = inputs_of(params.seed, range(count), params.latent_size, shares)
        self.latents = latents.to(training.ranks.device)
        self.data_stddev: dict[int, float] = {}  # by resolution

    def renew(self, *, ended: bool) -> None:
        """Write what is due."""
        if self.due.passed(self.training.images_shown) or ended:
            self.keep()
            if ended:
                self._write_all_networks()
            return
        if self.snapshot_clock.over():
            self._latest_snapshot()
        if self.grid_clock.over():
            self._latest_grid(self._sheet())

    def complete(self) -> None:
        """Write what a finished run leaves again: the latest ones, and the rest if it is lost or damaged."""
        if _is_whole(self._kept_path()):
            self._latest_snapshot()
            write_bytes(self.training.folder / f"{LATEST}.png", png_of(self._sheet()))
        else:
            self.keep()
        if not _is_whole(self.training.folder / ALL_NETWORKS):  # early versions wrote none
            self._write_all_networks()

    def keep(self) -> None:
        """Write a snapshot and its grid to keep; they also become the latest ones."""
        path = self._kept_path()
        self._write_snapshot(path)
        self._latest_snapshot()
        sheet = self._sheet()
        write_bytes(self.training.folder / "grids" / f"{path.stem}.png", png_of(sheet))
        self.history.show("samples/snapshot", sheet, self.training.images_shown)
        self._latest_grid(sheet)

    def stddev(self) -> float:
        """How much images differ, relative to the dataset's; NaN if the dataset's are all equal."""
        resolution = self.training.phase.resolution
        if resolution not in self.data_stddev:
            self.data_stddev[resolution] = stddev_of(self.training.dataset, resolution)
        ours = stddev_over(images_of(self.training.average, self.latents, self.training.phase.lod))
        theirs = self.data_stddev[resolution]
        return ours / theirs if theirs else math.nan

    def _kept_path(self) -> Path:
        return snapshot_path(self.training.folder / "snapshots", self.training.images_shown)

    def _latest_snapshot(self) -> None:
        self._write_snapshot(self.training.folder / f"{LATEST}.safetensors")
        self.snapshot_clock.begin()

    def _latest_grid(self, sheet: Images) -> None:
        write_bytes(self.training.folder / f"{LATEST}.png", png_of(sheet))
        self.history.show("samples/latest", sheet, self.training.images_shown)
        self.grid_clock.begin()

    def _sheet(self) -> Images:
        training = self.training
        latents = self.latents[: self.shown]
        return grid_of(training.average, latents, training.phase.lod, training.params.grid_columns)

    def _write_snapshot(self, path: Path) -> None:
        write_snapshot(path, self.training.average, self._origin())

    def _write_all_networks(self) -> None:
        training = self.training
        beside = {"generator": training.generator, "critic": training.critic}
        write_snapshot(training.folder / ALL_NETWORKS, training.average, self._origin(), beside)

    def _origin(self) -> Origin:
        training = self.training
        return Origin(
            training.images_shown / 1000,
            training.phase.lod,
            hash_of(training.identity),
            training.dataset.version,
            training.git_commit,
            training.labels,
            training.about.facts[UNSEEN] if training.dataset.held_out_share else None,
            bool(training.about.facts.get(OTHER_DATASET)),
        )


def _is_whole(snapshot: Path) -> bool:
    """Whether a snapshot is there, as it was written; the log says so when it is damaged."""
    try:
        read_origin(snapshot)
    except UserError:
        if snapshot.is_file():
            log.warning("%s is damaged: writing it again from the checkpoint", snapshot)
        return False
    return True
