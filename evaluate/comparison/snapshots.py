"""The snapshots of a training, each compared with the training's dataset; measured distances are kept."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from evaluate.comparison.cache import MEASURING, Store
from evaluate.comparison.compare import compare, compare_colours_too
from evaluate.comparison.distances import Distances, Floor
from evaluate.comparison.pair import floor_set
from evaluate.comparison.resampled import chances_of
from evaluate.sets.image_set import Advance
from evaluate.sets.sources import of_dataset, of_snapshot, shown
from fashion_pggan.distance.descriptors import Descriptors
from fashion_pggan.distance.work import Work
from fashion_pggan.params import EvaluateParams
from fashion_pggan.program import hash_of, program_of
from fashion_pggan.progress import Progress
from fashion_pggan.storage.files import sha256_of
from fashion_pggan.storage.shards import Dataset
from generate.sampling.sampler import Sampler
from train.saved.snapshot import read_origin

FRESH = "fresh fakes"  # the name of the set that measures the best again
GENERATING = ("generate.sampling", "train.model", "train.saved")  # these folders make the images
NO_DISTANCE = {  # parameters that change no distance
    "minibatch",
    "variation_pairs",
    "copies_images",
    "feature_network",
    "feature_side",
    "feature_pixels",
    "feature_neighbours",
    "classifier_seeds",
    "classifier_kimg",
    "classifier_side",
    "classifier_images",
    "classifier_shares",
    "label_fewest",
}


@dataclass(frozen=True)
class Row:
    """The distances of a snapshot from the dataset."""

    kimg: float
    images: int
    distances: Distances
    snapshot: str = ""  # name of its file

    def columns(self) -> dict[str, float]:
        """The published columns."""
        return {"kimg": self.kimg, "images": self.images, **self.distances.columns()}


@dataclass(frozen=True)
class Again:
    """The distances of the best snapshot on images that did not choose it."""

    distances: Distances
    colours_too: tuple[Distances, Distances]  # the same and the floor, all normalised by the reals


class SnapshotComparison:
    """One dataset, with which snapshots are compared.

    Args:
        dataset: of the training.
        params: the evaluate section.
        mirror: whether training mirrored its images; then the reals are mirrored too.
        store: keeps distances; what it holds is not measured again.
        work: where to compute.
    """

    def __init__(
        self, dataset: Dataset, params: EvaluateParams, *, mirror: bool, store: Store, work: Work
    ) -> None:
        self.params, self.store, self.work = params, store, work
        chosen = shown(dataset, params.seed)
        self.images = min(params.images, len(chosen))  # per set
        chosen = chosen[: 2 * self.images]
        self.pool = of_dataset(dataset, chosen, mirror_seed=params.seed if mirror else None)
        settings = params.model_dump(exclude=NO_DISTANCE)
        program = program_of(*MEASURING, *GENERATING)
        self.key = hash_of(self.pool.identity, self.images, settings, program)

    def measure(self, snapshots: Sequence[Path]) -> tuple[Floor, list[Row]]:
        """The floor, and a row per snapshot. Each distance is kept as soon as it is measured."""
        floor_key = hash_of(self.key, "floor")
        keys = [hash_of(self.key, sha256_of(snapshot)) for snapshot in snapshots]
        wanted = {floor_key: None, **dict(zip(keys, snapshots, strict=True))}
        with Progress("measuring distances", (len(wanted) + 1) * self.images, "images") as progress:
            distances = self._distances(wanted, progress.advance)
        kind, _ = floor_set(self.pool, self.images)
        rows = [
            Row(read_origin(snapshot).kimg, self.images, distances[key], snapshot.name)
            for key, snapshot in zip(keys, snapshots, strict=True)
        ]
        return Floor(kind, distances[floor_key]), rows

    def again(self, snapshot: Path) -> Again:
        """The distances of a chosen snapshot, measured on images that did not choose it, and tested.

        The smallest of many distances is too small. So the latents are new ones, and the real images are
        those that the floor was measured with.
        """
        key = hash_of(self.key, "again", sha256_of(snapshot))
        keys = [key, hash_of(key, "colours too"), hash_of(key, "floor of colours too")]
        known = [row for each in keys if (row := self.store.row(each)) is not None]
        if len(known) == len(keys):
            return Again(known[0], (known[1], known[2]))
        sampler = Sampler.load(snapshot, self.work.torch_device)
        fakes = of_snapshot(sampler, self.params.seed, 2 * self.images).part(self.images, self.images, FRESH)
        kind, reals = floor_set(self.pool, self.images)
        first = self.pool.part(0, self.images, self.pool.name)
        with (
            Progress("measuring the best again", 3 * self.images, "images") as progress,
            ExitStack() as stack,
        ):
            real, fake, other = (
                stack.enter_context(self.store.described(each, self.params, self.work, progress.advance))
                for each in (reals, fakes, first)
            )
            found = compare(real, fake, self.params, self.work)
            found = replace(found, chances=chances_of(real, fake, self.params, self.work))
            coloured = compare_colours_too(real, fake, self.params, self.work)
            floor = compare_colours_too(real, other, self.params, self.work, same=kind == "reused")
        for each, row in zip(keys, (found, coloured, floor), strict=True):
            self.store.keep_row(each, row)
        return Again(found, (coloured, floor))

    def _distances(self, wanted: Mapping[str, Path | None], advance: Advance) -> dict[str, Distances]:
        """Distances by key: those the store holds, then those to measure; None stands for the floor."""
        distances = {key: row for key in wanted if (row := self.store.row(key)) is not None}
        advance(self.images * len(distances))
        missing = {key: snapshot for key, snapshot in wanted.items() if key not in distances}
        if not missing:
            return distances
        reals = self.pool.part(0, self.images, self.pool.name)
        with self.store.described(reals, self.params, self.work, advance) as real:
            for key, snapshot in missing.items():
                distances[key] = self._measured(snapshot, real, advance)
                self.store.keep_row(key, distances[key])
        return distances

    def _measured(self, snapshot: Path | None, real: dict[int, Descriptors], advance: Advance) -> Distances:
        if snapshot is None:
            kind, others = floor_set(self.pool, self.images)
            with self.store.described(others, self.params, self.work, advance) as other:
                return compare(real, other, self.params, self.work, same=kind == "reused")
        sampler = Sampler.load(snapshot, self.work.torch_device)
        fakes = of_snapshot(sampler, self.params.seed, self.images)
        with self.store.described(fakes, self.params, self.work, advance) as fake:
            return compare(real, fake, self.params, self.work)
