"""The evaluate stage: every snapshot against the data set; a table, metrics and a report out."""

import json
from dataclasses import dataclass
from pathlib import Path

from evaluate.comparison import Scratch, compare, describe
from evaluate.report import write_report
from evaluate.sources import of_dataset, of_snapshot, shuffled
from evaluate.table import Distances, Row, as_csv, as_text
from fashion_pggan.errors import UserError
from fashion_pggan.files import write_text
from fashion_pggan.params import EvaluateParams
from fashion_pggan.progress import Progress
from fashion_pggan.shards import Dataset
from generate.sampler import Sampler, snapshots_in


@dataclass(frozen=True)
class Floor:
    """The distance between real pictures and real pictures: what no generator can be told from."""

    kind: str  # disjoint: other pictures; reused: other patches of the same pictures, about half as large
    distances: Distances


@dataclass(frozen=True)
class Evaluation:
    """All that was measured."""

    images: int  # per set
    floor: Floor
    rows: list[Row]  # least trained first

    @property
    def best(self) -> Row:
        """The snapshot with the smallest average distance."""
        return min(self.rows, key=lambda row: row.distances.average)

    def metrics(self, seed: int) -> dict[str, object]:
        """What `dvc metrics` shows."""
        untrained = self.rows[0].columns() if self.rows[0].kimg == 0 else None
        return {
            "images": self.images,
            "seed": seed,
            "floor": {"kind": self.floor.kind, **self.floor.distances.columns()},
            "untrained": untrained,
            "best": self.best.columns(),
            "last": self.rows[-1].columns(),
        }

    def text(self) -> str:
        """The table for a terminal."""
        labelled = [(f"{row.kimg:.1f}k", row.distances) for row in self.rows]
        table = as_text([*labelled, (f"real ({self.floor.kind})", self.floor.distances)])
        return f"{table}\n{self.images} pictures per set; lower is better, the last line is the floor"


def run(source: Path, models: Path, reports: Path, params: EvaluateParams, *, mirror: bool) -> Evaluation:
    """Measure every snapshot.

    Args:
        source: a curated data set.
        models: the train stage's output.
        reports: folder for `swd.csv`, `swd.json` and `report.html`; other stages' reports are read from it.
        params: the evaluate section.
        mirror: whether training mirrored its pictures; then the reals are mirrored too.

    Raises:
        UserError: there is no data set or no snapshot, or they do not fit each other.
    """
    dataset = Dataset(source)
    if dataset.resolution < params.smallest_level:
        raise UserError(
            f"pictures of {dataset.resolution} px have no level of {params.smallest_level} px: "
            "lower evaluate.smallest_level in params.yaml"
        )
    snapshots = snapshots_in(models)
    samplers = [Sampler.load(snapshot) for snapshot in snapshots]
    for snapshot, sampler in zip(snapshots, samplers, strict=True):
        if sampler.dataset_version != dataset.version:
            raise UserError(
                f"{snapshot} was trained on data set {sampler.dataset_version}, {source} is "
                f"{dataset.version}: run dvc repro train"
            )
    evaluation = _measure(dataset, samplers, params, mirror=mirror)
    rows = evaluation.rows
    write_text(reports / "swd.csv", as_csv(rows))
    write_text(reports / "swd.json", json.dumps(evaluation.metrics(params.seed), indent=1) + "\n")
    write_report(reports, models, evaluation, samplers[-1], dataset, params)
    return evaluation


def _measure(
    dataset: Dataset, samplers: list[Sampler], params: EvaluateParams, *, mirror: bool
) -> Evaluation:
    count = min(params.images, len(dataset))
    disjoint = len(dataset) >= 2 * count
    order = shuffled(len(dataset), params.seed)
    mirror_seed = params.seed if mirror else None
    reals = of_dataset(dataset, order[:count], mirror_seed=mirror_seed)
    rest = order[count : 2 * count] if disjoint else order[:count]
    others = of_dataset(dataset, rest, name="other reals", mirror_seed=mirror_seed)
    rows = []
    with (
        Scratch() as scratch,
        Progress("measuring distances", (len(samplers) + 2) * count, "pictures") as progress,
    ):
        real = describe(reals, params, scratch / "real", progress.advance)
        floor = compare(real, describe(others, params, scratch / "fake", progress.advance), params)
        for sampler in samplers:
            fakes = of_snapshot(sampler, params.seed, count)
            fake = describe(fakes, params, scratch / "fake", progress.advance)
            rows.append(Row(sampler.kimg, count, compare(real, fake, params)))
    return Evaluation(count, Floor("disjoint" if disjoint else "reused", floor), rows)
