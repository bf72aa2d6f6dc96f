"""The report: one HTML page that needs nothing else, for a person who decides whether a run is good."""

import base64
import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from matplotlib.figure import Figure

from fashion_pggan.files import write_text
from fashion_pggan.params import EvaluateParams
from fashion_pggan.shards import Dataset
from generate.sampler import Sampler

if TYPE_CHECKING:
    from evaluate.stage import Evaluation

STAGES = ("crawl", "curate", "train")  # whose facts are shown
SHOWN = ("kimg", "lod", "critic_loss", "generator_loss", "score_real", "score_fake")  # of the training's log
THROUGH_TRAINING = 6  # sample grids shown between the first and the last
INK = "#808080"  # readable on white and on black


def write_report(
    reports: Path,
    models: Path,
    evaluation: "Evaluation",
    last: Sampler,
    dataset: Dataset,
    params: EvaluateParams,
) -> None:
    """Write `report.html`.

    Args:
        reports: folder of the page, and of other stages' facts, which are left out when missing.
        models: the train stage's output, for its sample grids.
        evaluation: what was measured.
        last: the most trained snapshot.
        dataset: what it was trained on.
        params: the evaluate section.
    """
    environment = Environment(
        loader=PackageLoader("evaluate", ""),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    facts = {stage: _facts(reports / f"{stage}.json") for stage in STAGES}
    page = environment.get_template("report.html.j2").render(
        evaluation=evaluation,
        columns=list(evaluation.rows[0].distances.columns()),
        curves=_curves(evaluation, _history(reports / "training.csv")),
        grids=_grids(models),
        examples=_image(models / "dataset.png"),
        facts=facts,
        last=last,
        dataset=dataset,
        params=params,
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    write_text(reports / "report.html", page)


def _facts(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    facts: dict[str, Any] = json.loads(path.read_text())
    return facts


def _history(path: Path) -> list[dict[str, float]]:
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return [{name: float(row[name]) for name in SHOWN} for row in csv.DictReader(file)]


def _image(path: Path) -> str | None:
    """A PNG file as a data URI."""
    if not path.is_file():
        return None
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()


def _grids(models: Path) -> list[tuple[float, str]]:
    """Sample grids through training as (kimg, data URI), evenly chosen, first and last among them."""
    paths = sorted((models / "grids").glob("*.png"))
    if len(paths) > THROUGH_TRAINING:
        step = (len(paths) - 1) / (THROUGH_TRAINING - 1)
        paths = [paths[round(place * step)] for place in range(THROUGH_TRAINING)]
    return [(float(path.stem), uri) for path in paths if (uri := _image(path))]


def _curves(evaluation: "Evaluation", history: Sequence[Mapping[str, float]]) -> list[tuple[str, Markup]]:
    kimgs = [row.kimg for row in evaluation.rows]
    distances = {
        name: [row.columns()[name] for row in evaluation.rows]
        for name in evaluation.rows[0].distances.columns()
    }
    floor = evaluation.floor.distances.average
    curves = [
        _curve("Sliced Wasserstein distance x 1000", kimgs, distances, floor=floor, logarithmic=True),
    ]
    if history:
        shown = [row["kimg"] for row in history]
        losses = {
            name.replace("_", " "): [row[name] for row in history]
            for name in ("critic_loss", "generator_loss")
        }
        scores = {
            name.replace("_", " "): [row[name] for row in history] for name in ("score_real", "score_fake")
        }
        curves.append(_curve("Losses", shown, losses))
        curves.append(_curve("Critic's scores", shown, scores))
        curves.append(
            _curve("Level of detail (0: final resolution)", shown, {"lod": [row["lod"] for row in history]})
        )
    return curves


def _curve(
    title: str,
    kimgs: Sequence[float],
    lines: Mapping[str, Sequence[float]],
    *,
    floor: float | None = None,
    logarithmic: bool = False,
) -> tuple[str, Markup]:
    """A plot over kimg as (description, SVG)."""
    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": title,
        "text.color": INK,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "font.size": 9,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(6, 3), layout="constrained")
        axes = figure.add_subplot()
        for name, values in lines.items():
            axes.plot(kimgs, values, label=name.removeprefix("SWDx1e3_"), linewidth=2 if "avg" in name else 1)
        if floor is not None:
            axes.axhline(floor, linestyle="--", color=INK, label="floor (avg)")
        if logarithmic:
            axes.set_yscale("log")
        axes.set_xlabel("kimg shown")
        axes.set_title(title)
        axes.grid(alpha=0.2)
        if len(lines) > 1 or floor is not None:
            axes.legend(frameon=False)
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = text.getvalue()
    return title, Markup(svg[svg.index("<svg") :])  # drawn here, holds no foreign text
