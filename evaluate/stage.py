"""The evaluate stage: compares every snapshot with the dataset; writes tables, metrics and a report."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from evaluate.comparison.cache import Store
from evaluate.comparison.snapshots import SnapshotComparison
from evaluate.measures.best_snapshot import measure_best
from evaluate.measures.feature_network import FeatureNetwork, network_of
from evaluate.report.origin import Subject
from evaluate.report.page import write_report
from evaluate.report.stage_reports import read_facts
from evaluate.report.verdict import Verdict
from evaluate.report.verdicts import headline, verdicts
from evaluate.results.evaluation import Evaluation
from evaluate.results.table import as_csv, by_level_csv
from evaluate.sets.novelty import knows_held_out, novelty_of
from evaluate.sets.sources import of_dataset, of_snapshot, shown, shuffled
from evaluate.worth.measured import measure_worth
from fashion_pggan.distance.work import Work
from fashion_pggan.errors import UserError
from fashion_pggan.params import EvaluateParams
from fashion_pggan.storage.files import write_text
from fashion_pggan.storage.shards import Dataset
from generate.sampling.sampler import Sampler, snapshots_in
from train.saved.snapshot import read_origin


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
) -> tuple[Evaluation, str]:
    """Measure every snapshot.

    Args:
        source: a curated dataset.
        models: the train stage's output.
        reports: folder for `swd.csv`, `swd_levels.csv`, `swd.json`, `metrics.json`, `evaluation.json`,
            `measures.json`, `copies.png`, `copies.json` and `report.html`; holds other stages' reports too.
        params: the evaluate section.
        mirror: whether training mirrored its images; then the reals are mirrored too.
        store: keeps distances, so that nothing is measured twice.
        work: where to compute.
        settings: the text of params.yaml, for the report.

    Returns:
        The distances, and the worst verdict in a line.

    Raises:
        UserError: there is no dataset or no snapshot, or the last snapshot is of another dataset.
    """
    began = time.monotonic()
    dataset, snapshots = Dataset(source), snapshots_in(models)
    _check(snapshots, dataset, params)
    network = network_of(params, work)
    comparison = SnapshotComparison(dataset, params, mirror=mirror, store=store, work=work)
    floor, rows = comparison.measure(snapshots)
    evaluation = Evaluation(comparison.images, floor, rows, params.images)
    best = snapshots[rows.index(evaluation.best)]
    evaluation = evaluation.measured_again(comparison.again(best))
    write_text(reports / "swd.csv", as_csv(rows))
    write_text(reports / "swd_levels.csv", by_level_csv(rows, floor))
    _write_json(reports / "swd.json", evaluation.metrics(params.seed))
    _write_json(reports / "metrics.json", evaluation.few())
    sampler = Sampler.load(best, work.torch_device)
    measures = _measured(sampler, dataset, reports, params, work, network)
    worth = None
    if _labelled(dataset, sampler):
        worth = measure_worth(dataset, sampler, params, mirror=mirror, store=store, work=work)
        measures["labels"] = worth.facts()
    measures |= novelty_of(sampler.origin, dataset)
    _write_json(reports / "measures.json", measures)
    answers = verdicts(evaluation, measures, read_facts(reports / "train.json"))
    measured = {"dataset": dataset.version, "mirror": mirror, **_said(answers)}
    labels = {"labels": worth.table()} if worth else {}
    _write_json(reports / "evaluation.json", {**measured, **evaluation.facts(params.seed), **labels})
    subject = Subject(reports, models, snapshots, dataset, settings)
    write_report(subject, evaluation, answers, params, work, time.monotonic() - began, worth)
    return evaluation, headline(answers)


def _measured(
    sampler: Sampler,
    dataset: Dataset,
    reports: Path,
    params: EvaluateParams,
    work: Work,
    network: FeatureNetwork | None,
) -> dict[str, Any]:
    """The measures of the best snapshot."""
    fakes = of_snapshot(sampler, params.seed, params.images)
    known = knows_held_out(sampler.origin, dataset)
    chosen = shuffled(len(dataset), params.seed) if known else shown(dataset, params.seed)
    reals = of_dataset(dataset, chosen)  # all that it was shown
    label_of = partial(sampler.label, params.seed) if _labelled(dataset, sampler) else None
    return measure_best(sampler.kimg, fakes, reals, reports, params, work, network, label_of=label_of)


def _labelled(dataset: Dataset, sampler: Sampler) -> bool:
    return bool(dataset.label_names and sampler.origin.labels)


def _said(answers: Sequence[Verdict]) -> dict[str, object]:
    return {"headline": headline(answers), "verdicts": [asdict(answer) for answer in answers]}


def _check(snapshots: Sequence[Path], dataset: Dataset, params: EvaluateParams) -> None:
    if dataset.resolution < params.smallest_level:
        raise UserError(
            f"images of {dataset.resolution} px have no level of {params.smallest_level} px: "
            "lower evaluate.smallest_level in params.yaml"
        )
    check_dataset(snapshots[-1], dataset)


def check_dataset(last: Path, dataset: Dataset) -> None:
    """Refuse the models of another dataset; a run that resumed with more images has earlier ones of fewer."""
    trained_on = read_origin(last).dataset_version
    if trained_on != dataset.version:
        raise UserError(
            f"{last} was trained on dataset {trained_on}, but {dataset.folder} is dataset "
            f"{dataset.version}: run dvc repro train"
        )


def _write_json(path: Path, facts: Mapping[str, object]) -> None:
    write_text(path, json.dumps(facts, indent=1) + "\n")
