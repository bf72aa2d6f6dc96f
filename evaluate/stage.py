"""The evaluate stage: every snapshot against the dataset; a table, metrics and a report out."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from evaluate.comparison.cache import MEASURING, Store
from evaluate.comparison.compare import Advance, compare
from evaluate.comparison.distances import Distances, Floor
from evaluate.comparison.pair import floor_set, measure_floor
from evaluate.images.sources import of_dataset, of_snapshot, shuffled
from evaluate.measures.best import measure_best
from evaluate.measures.feature_network import network_of
from evaluate.report.origin import Subject
from evaluate.report.page import write_report
from evaluate.results.evaluation import Evaluation
from evaluate.results.table import Row, as_csv, by_level_csv
from fashion_pggan.distance.descriptors import Descriptors
from fashion_pggan.distance.devices import Work
from fashion_pggan.errors import UserError
from fashion_pggan.params import EvaluateParams
from fashion_pggan.program import hash_of, program_of
from fashion_pggan.progress import Progress
from fashion_pggan.storage.files import sha256_of, write_text
from fashion_pggan.storage.shards import Dataset
from generate.sampling.sampler import Sampler, snapshots_in

GENERATOR = ("fashion_pggan.images", "generate.sampling", "train.model")  # makes what is measured
BESIDE = {  # parameters that change no distance
    "minibatch",
    "variation_pairs",
    "copies_images",
    "feature_network",
    "feature_side",
    "feature_pixels",
    "feature_neighbours",
}


def run(
    source: Path,
    models: Path,
    reports: Path,
    params: EvaluateParams,
    *,
    mirror: bool,
    store: Store,
    work: Work,
    settings: str = "",
) -> Evaluation:
    """Measure every snapshot.

    Args:
        source: a curated dataset.
        models: the train stage's output.
        reports: folder for `swd.csv`, `swd_levels.csv`, `swd.json`, `evaluation.json`, `measures.json`,
            `copies.png`, `copies.json` and `report.html` (docs/swd.md); other stages' facts are read there.
        params: the evaluate section.
        mirror: whether training mirrored its images; then the reals are mirrored too.
        store: rows measured before are taken from it.
        work: where to compute.
        settings: the text of params.yaml, for the report.

    Raises:
        UserError: there is no dataset or no snapshot, or they do not fit each other.
    """
    began = time.monotonic()
    dataset = Dataset(source)
    if dataset.resolution < params.smallest_level:
        raise UserError(
            f"images of {dataset.resolution} px have no level of {params.smallest_level} px: "
            "lower evaluate.smallest_level in params.yaml"
        )
    snapshots = snapshots_in(models)
    for snapshot in snapshots:
        _check(snapshot, dataset, source)
    network = network_of(params, work)
    evaluation = _Run(dataset, snapshots, params, mirror, store, work).measure()
    rows = evaluation.rows
    write_text(reports / "swd.csv", as_csv(rows))
    write_text(reports / "swd_levels.csv", by_level_csv(rows, evaluation.floor))
    for name, facts in (
        ("swd.json", evaluation.metrics(params.seed)),
        ("evaluation.json", {"dataset": dataset.version, "mirror": mirror, **evaluation.facts(params.seed)}),
    ):
        write_text(reports / name, json.dumps(facts, indent=1) + "\n")
    best = snapshots[rows.index(evaluation.best)]
    fakes = of_snapshot(Sampler.load(best, work.torch_device), params.seed, params.images)
    reals = of_dataset(dataset, shuffled(len(dataset), params.seed))
    measures = measure_best(evaluation.best.kimg, fakes, reals, reports, params, work, network)
    write_text(reports / "measures.json", json.dumps(measures, indent=1) + "\n")
    subject = Subject(reports, models, snapshots, dataset, settings)
    write_report(subject, evaluation, params, work, time.monotonic() - began)
    return evaluation


def _check(snapshot: Path, dataset: Dataset, source: Path) -> None:
    trained_on = Sampler.load(snapshot).dataset_version
    if trained_on != dataset.version:
        raise UserError(
            f"{snapshot} was trained on dataset {trained_on}, {source} is {dataset.version}: "
            "run dvc repro train"
        )


class _Run:
    """One evaluation; what the store knows is not measured again."""

    def __init__(
        self,
        dataset: Dataset,
        snapshots: list[Path],
        params: EvaluateParams,
        mirror: bool,
        store: Store,
        work: Work,
    ) -> None:
        self.snapshots, self.params, self.store, self.work = snapshots, params, store, work
        self.count = min(params.images, len(dataset))
        chosen = shuffled(len(dataset), params.seed)[: 2 * self.count]
        self.pool = of_dataset(dataset, chosen, mirror_seed=params.seed if mirror else None)
        settings = params.model_dump(exclude=BESIDE)
        self.key = hash_of(self.pool.identity, self.count, settings, program_of(*MEASURING, *GENERATOR))

    def measure(self) -> Evaluation:
        """The floor and a row per snapshot, each kept as soon as it is there."""
        total = (len(self.snapshots) + 2) * self.count
        with ExitStack() as stack, Progress("measuring distances", total, "images") as progress:

            @cache
            def real() -> dict[int, Descriptors]:
                reals = self.pool.part(0, self.count, self.pool.name)
                described = self.store.described(reals, self.params, self.work, progress.advance)
                return stack.enter_context(described)

            def floor() -> Distances:
                return measure_floor(
                    self.pool, self.count, real(), self.params, self.store, self.work, progress.advance
                ).distances

            kind, _ = floor_set(self.pool, self.count)
            lowest = self._known_or(hash_of(self.key, "floor"), floor, progress.advance)
            rows = [self._row(snapshot, real, progress.advance) for snapshot in self.snapshots]
        return Evaluation(self.count, Floor(kind, lowest), rows, self.params.images)

    def _row(self, snapshot: Path, real: Callable[[], dict[int, Descriptors]], advance: Advance) -> Row:
        sampler = Sampler.load(snapshot, self.work.torch_device)
        fakes = of_snapshot(sampler, self.params.seed, self.count)

        def against_reals() -> Distances:
            with self.store.described(fakes, self.params, self.work, advance) as fake:
                return compare(real(), fake, self.params, self.work)

        distances = self._known_or(hash_of(self.key, sha256_of(snapshot)), against_reals, advance)
        return Row(sampler.kimg, self.count, distances, snapshot.name)

    def _known_or(self, key: str, measure: Callable[[], Distances], advance: Advance) -> Distances:
        known = self.store.row(key)
        if known is not None:
            advance(self.count)
            return known
        distances = measure()
        self.store.keep_row(key, distances)
        return distances
