"""Curves and histograms as SVG, legible on white and on black."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from evaluate.comparison.distances import Estimate
from evaluate.results.evaluation import Evaluation

INK = "#808080"
BINS = 30
WIDE = 4.0  # top over bottom of an axis, above which the labels 1, 2 and 5 suffice
LOSSES = {"critic loss": "critic_loss", "generator loss": "generator_loss"}
SCORES = {"real": "score_real", "generated": "score_fake"}


@dataclass
class Curve:
    """A drawing, and its description in words."""

    title: str
    says: str
    svg: Markup = field(default=Markup())

    @contextmanager
    def drawing(self, x: str, y: str = "") -> Iterator[Axes]:
        """Axes to draw on; becomes SVG at the end. The markup is safe: it holds no text from elsewhere."""
        style: dict[Any, Any] = dict.fromkeys(
            ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK
        )
        with mpl.rc_context({**style, "svg.fonttype": "none", "svg.hashsalt": self.title, "font.size": 9}):
            figure = Figure(figsize=(6, 3), layout="constrained")
            axes = figure.add_subplot()
            yield axes
            axes.set_xlabel(x)
            axes.set_ylabel(y)
            axes.grid(alpha=0.2)
            if axes.get_legend_handles_labels()[0]:
                axes.legend(frameon=False)
            text = io.StringIO()
            figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
        svg = text.getvalue()
        self.svg = Markup(svg[svg.index("<svg") :])


def distances_over_training(evaluation: Evaluation) -> Curve:
    """The distance of each level by kimg; the average and the floor with their intervals."""
    rows, floor = evaluation.rows, evaluation.floor.distances.average
    first, best = rows[0].distances.average, evaluation.best
    curve = Curve(
        "Sliced Wasserstein distance x 1000",
        f"the average distance begins at {first.value:.1f}; its lowest is {best.distances.average.value:.1f} "
        f"at {best.kimg:.1f} kimg; the {evaluation.floor.name} is {floor.value:.1f}",
    )
    kimgs = [row.kimg for row in rows]
    with curve.drawing("thousand images shown") as axes:
        for name in rows[0].distances.named():
            values = [row.distances.named()[name].value for row in rows]
            average = name.endswith("avg")
            axes.plot(
                kimgs,
                values,
                label=_level(name),
                linewidth=2.2 if average else 1,
                marker="." if average else "",
            )
        _draw_interval(axes, kimgs, [row.distances.average for row in rows])
        axes.axhline(floor.value, linestyle="--", color=INK, label=evaluation.floor.name)
        if floor.interval:
            axes.axhspan(*floor.interval, color=INK, alpha=0.12)
        _label_logarithmic(axes)
    return curve


def _draw_interval(axes: Axes, kimgs: Sequence[float], estimates: Sequence[Estimate]) -> None:
    """The band between the ends of the intervals, in the colour of the last line."""
    ends = [estimate.interval or (estimate.value,) * 2 for estimate in estimates]
    lows, highs = ([end[place] for end in ends] for place in (0, 1))
    axes.fill_between(kimgs, lows, highs, alpha=0.15, color=axes.lines[-1].get_color())


def _label_logarithmic(axes: Axes) -> None:
    """A logarithmic axis with few labels: 1, 2 and 5 of each power of ten, or 4 in a narrow range."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)) if high > WIDE * low else MaxNLocator(4))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def training_curves(history: Sequence[Mapping[str, float]]) -> list[Curve]:
    """Losses, scores and the schedule by kimg; none without a history."""
    if not history:
        return []
    last = history[-1]
    losses = (
        f"the critic loss ends at {last['critic_loss']:.2f}, the generator loss at "
        f"{last['generator_loss']:.2f}"
    )
    scores = f"real images end at {last['score_real']:.2f}, generated ones at {last['score_fake']:.2f}"
    return [
        _columns(history, LOSSES, "Losses", losses),
        _columns(history, SCORES, "Critic's mean scores", scores),
        _schedule(history),
    ]


def _columns(
    history: Sequence[Mapping[str, float]], columns: Mapping[str, str], title: str, says: str
) -> Curve:
    curve = Curve(title, says)
    with curve.drawing("thousand images shown") as axes:
        for label, column in columns.items():
            axes.plot(
                [row["kimg"] for row in history], [row[column] for row in history], label=label, linewidth=1
            )
    return curve


def _schedule(history: Sequence[Mapping[str, float]]) -> Curve:
    first, last = history[0], history[-1]
    curve = Curve(
        "Resolution", f"from {first['resolution']:.0f} to {last['resolution']:.0f} px, steps between fades"
    )
    with curve.drawing("thousand images shown", "pixels") as axes:
        final = last["resolution"] * 2 ** last["lod"]
        axes.plot([row["kimg"] for row in history], [final / 2 ** row["lod"] for row in history])
        axes.set_yscale("log", base=2)
        axes.yaxis.set_major_formatter("{x:.0f}")
    return curve


def nearest_distances(copies: Mapping[str, Any]) -> Curve:
    """Distances of generated images to training images, beside those among training images."""
    made, real = copies["generated"], copies["real"]
    says = f"median {np.median(made):.1f} for generated images"
    if real:  # empty if all training images are copies of each other
        says += f", {np.median(real):.1f} for training images among the others"
    curve = Curve("Distance to the nearest training image", says)
    edges = np.histogram_bin_edges([*made, *real], bins=BINS).tolist()
    with curve.drawing("grey levels of 255", "images") as axes:
        axes.hist(real, bins=edges, alpha=0.5, label="training image to another")
        axes.hist(made, bins=edges, alpha=0.5, label="generated to training image")
        axes.axvline(copies["threshold"], linestyle="--", color=INK, label="nearest 1 % of training images")
    return curve


def _level(name: str) -> str:
    level = name.removeprefix("SWDx1e3_")
    return "average" if level == "avg" else f"{level} px"
