"""The scores of labels for a terminal."""

from evaluate.worth.scores import Score, Scores
from evaluate.worth.spread import Mean
from fashion_pggan.storage.escaped import printable_lines

COLUMNS = ("balanced accuracy", "accuracy", "most frequent", "gain over it")


def scores_text(scores: Scores) -> str:
    """The table, a row per kind of training, and the numbers of images by label."""
    names = [_name(score) for score in scores.rows]
    width = max(map(len, names))
    lines = [" " * width + "".join(f"{column:>28}" for column in COLUMNS)]
    for name, score in zip(names, scores.rows, strict=True):
        means = [_cell(mean) for mean in (score.balanced, score.accuracy, score.over_majority)]
        cells = (*means[:2], f"{score.majority:.3f}", means[2])
        lines.append(f"{name:<{width}}" + "".join(f"{cell:>28}" for cell in cells))
    labels = [
        f"{row['label']}: {row['training']:,} for training, {row['held_out']:,} held out"
        for row in scores.table()["labels"]
    ]
    left_out = [f"left out, with too few images: {said}" for said in scores.parts.said_left_out()]
    return printable_lines([*lines, *labels, *left_out])


def _name(score: Score) -> str:
    tested = score.total.sum() // len(score.tables)
    return f"{score.name}: on {score.trained_on}, tested on {tested:,} {score.tested_on}"


def _cell(mean: Mean) -> str:
    ends = mean.interval
    return f"{mean.value:.3f} ({ends[0]:.3f} to {ends[1]:.3f})" if ends else f"{mean.value:.3f}"
