"""The whole report: `report.html`, a self-contained page."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape
from markupsafe import Markup

from evaluate.report import album
from evaluate.report.curves import distances_over_training, nearest_distances, training_curves
from evaluate.report.inline_image import LARGE, Embedded, embedded_file
from evaluate.report.label_tables import LabelTable, label_tables
from evaluate.report.origin import Subject, origin_of
from evaluate.report.stage_reports import read_facts, read_history, tables_of_crawl, way_of_images
from evaluate.report.verdict import STATES, Verdict
from evaluate.report.verdicts import headline
from evaluate.results.evaluation import Evaluation
from evaluate.results.notes import UNDERSTATED, about_floor, interval_of
from evaluate.worth.measured import Worth
from fashion_pggan.distance.work import Work
from fashion_pggan.params import EvaluateParams
from fashion_pggan.storage.escaped import on_page
from fashion_pggan.storage.files import write_text

PACKAGE = "evaluate.report"
STAGES = ("crawl", "curate", "train", "measures", "copies")


def write_report(
    subject: Subject,
    evaluation: Evaluation,
    answers: Sequence[Verdict],
    params: EvaluateParams,
    work: Work,
    seconds: float,
    worth: Worth | None = None,
) -> None:
    """Write `report.html`.

    Args:
        subject: what was evaluated.
        evaluation: what was measured.
        answers: of `verdicts`.
        params: the evaluate section.
        work: where the evaluation computed.
        seconds: duration of the evaluation.
        worth: of the labels; None: there are none.

    Raises:
        UserError: a stage's report cannot be read.
    """
    script, style = (
        Markup(resources.files(PACKAGE).joinpath(f"report.{end}").read_text()) for end in ("js", "css")
    )
    facts = {name: read_facts(subject.reports / f"{name}.json") for name in STAGES}
    page = _template().render(
        subject=subject,
        evaluation=evaluation,
        facts=facts,
        interval_of=interval_of,
        evaluation_seed=params.seed,
        floor_says=about_floor(evaluation.floor.kind, evaluation.images),
        understated=UNDERSTATED,
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        style=style,
        verdicts=answers,
        headline=headline(answers),
        states=STATES,
        way=way_of_images(facts["crawl"], facts["curate"]),
        tables=tables_of_crawl(facts["crawl"]),
        origin=origin_of(subject, evaluation, facts, params, work, seconds),
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        **_curves(subject, evaluation, facts),
        **_images(subject, evaluation, facts, params, work),
        labels=_label_tables(worth, facts["measures"]) if worth else None,
        worst=_worst(subject, evaluation, worth, params, work) if worth else None,
    )
    write_text(subject.reports / "report.html", page)


def _label_tables(worth: Worth, measures: dict[str, Any]) -> list[LabelTable]:
    return label_tables(worth, measures["copies"]["by_label"])


def _worst(
    subject: Subject, evaluation: Evaluation, worth: Worth, params: EvaluateParams, work: Work
) -> tuple[str, Embedded] | None:
    """The label that loses most by training on generated images, and some of its images."""
    if worth.scores is None or worth.scores.worst is None:
        return None
    label = worth.scores.parts.labels[worth.scores.worst]
    best = subject.snapshots[evaluation.rows.index(evaluation.best)]
    real = worth.scores.parts.training[label]
    return label, album.label_of(best, label, subject.dataset, real, params.seed, work.torch_device)


def _template() -> Template:
    environment = Environment(
        loader=PackageLoader(PACKAGE, ""),
        autoescape=select_autoescape(default=True, default_for_string=True),
        finalize=on_page,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = lambda value: f"{value:,}" if isinstance(value, int) else value
    return environment.get_template("report.html.j2")


def _curves(subject: Subject, evaluation: Evaluation, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "distance_curve": distances_over_training(evaluation),
        "training_curves": training_curves(read_history(subject.reports / "training.csv")),
        "nearest_curve": nearest_distances(facts["copies"]) if facts["copies"] else None,
    }


def _images(
    subject: Subject, evaluation: Evaluation, facts: dict[str, Any], params: EvaluateParams, work: Work
) -> dict[str, Any]:
    best = subject.snapshots[evaluation.rows.index(evaluation.best)]
    copies = facts["copies"]
    return {
        "samples": album.samples_of(best, params.seed, work.torch_device),
        "strip": album.strip_of(subject.snapshots, params.seed, work.torch_device),
        "frames": album.frames_of(subject.models),
        "examples": embedded_file(subject.models / "dataset.png", "Images of the dataset", most=LARGE),
        "pairs": album.pairs_of(subject.reports / "copies.png", copies, subject.dataset.resolution)
        if copies
        else [],
        "sheets": album.sheets_of(subject.dataset.folder / "sheets"),
    }
