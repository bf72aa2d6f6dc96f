"""What the page shows of labels: scores, what generated images add, confusions, and a row per label."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluate.worth.measured import Worth
from evaluate.worth.scores import GAN_TRAIN, REAL_TO_REAL, Score, Scores
from evaluate.worth.spread import Mean

Cell = tuple[str, str, float | str]  # what is shown, its interval below, and what it is sorted by


@dataclass(frozen=True)
class LabelTable:
    """One table of the page."""

    title: str
    columns: list[str]
    rows: list[list[Cell]]


def label_tables(worth: Worth, copies: Mapping[str, Mapping[str, int]]) -> list[LabelTable]:
    """The tables of a section on labels; those of the classifiers only if there are scores.

    Args:
        worth: what was measured.
        copies: images that were looked up, copies, and images near to a training image, by label.
    """
    tables = [_by_label(worth.by_label, copies)]
    scores = worth.scores
    if scores is None:
        return tables
    tables.insert(0, _scores(scores))
    if scores.added:
        tables.insert(1, _added(scores))
    confusions = [("real_to_real", REAL_TO_REAL), ("gan_train", GAN_TRAIN)]
    found = [_confusion(scores, scores.named[key], name) for key, name in confusions if key in scores.named]
    return [*tables, *found]


def _scores(scores: Scores) -> LabelTable:
    columns = [
        "row",
        "trained on",
        "tested on",
        "balanced accuracy",
        "accuracy",
        "most frequent label",
        "gain over it",
    ]
    rows = [
        [
            _text(score.name),
            _text(score.trained_on),
            _text(score.tested_on),
            _mean(score.balanced),
            _mean(score.accuracy),
            _number(score.majority, "{:.3f}"),
            _mean(score.over_majority),
        ]
        for score in scores.rows
    ]
    return LabelTable("Classifiers, means over seeds with 95 % intervals", columns, rows)


def _added(scores: Scores) -> LabelTable:
    rows = [
        [
            _text(f"{each.share:.0%}"),
            _mean(each.alone.balanced),
            _mean(each.both.balanced),
            _mean(each.difference, "{:+.3f}"),
        ]
        for each in scores.added
    ]
    columns = ["of the real images", "alone", "with generated ones", "difference, by seed"]
    return LabelTable("Real images with generated ones, balanced accuracy", columns, rows)


def _confusion(scores: Scores, score: Score, name: str) -> LabelTable:
    labels = scores.parts.labels
    shares = score.total / score.total.sum(axis=1, keepdims=True)
    rows = [
        [_text(label), *(_number(float(share), "{:.0%}") for share in row)]
        for label, row in zip(labels, shares, strict=True)
    ]
    title = f"{name}: a row per true label, which label its images get"
    return LabelTable(title, ["true label", *labels], rows)


def _by_label(rows: list[dict[str, Any]], copies: Mapping[str, Mapping[str, int]]) -> LabelTable:
    columns = ["label", "real images", "per set", "distance", "floor", "times the floor"]
    columns += ["MS-SSIM generated", "MS-SSIM real", "looked up", "copies", "near"]
    return LabelTable(
        "Each label, measured as all images are", columns, [_label_row(row, copies) for row in rows]
    )


def _label_row(row: Mapping[str, Any], copies: Mapping[str, Mapping[str, int]]) -> list[Cell]:
    found = copies.get(row["label"], {"images": 0, "copies": 0, "near": 0})
    similarity = row["ms_ssim"] or {"generated": None, "real": None}
    return [
        _text(row["label"]),
        _number(row["real"], "{:,}"),
        _number(row["images"], "{:,}") if row["images"] else _text("too few"),
        *(_estimate(row[name], digits) for name, digits in (("distance", 2), ("floor", 2), ("ratio", 2))),
        *(_estimate(similarity[name], 3) for name in ("generated", "real")),
        *(_number(found[name], "{:,}") for name in ("images", "copies", "near")),
    ]


def _text(words: str) -> Cell:
    return words, "", words


def _number(value: float, form: str) -> Cell:
    return form.format(value), "", value


def _mean(mean: Mean, form: str = "{:.3f}") -> Cell:
    ends = mean.interval
    return form.format(mean.value), " to ".join(map(form.format, ends)) if ends else "", mean.value


def _estimate(estimate: Mapping[str, float | None] | None, digits: int) -> Cell:
    if estimate is None or estimate["value"] is None:
        return "", "", ""
    ends = [estimate["low"], estimate["high"]]
    said = [f"{end:.{digits}f}" for end in ends if end is not None]
    return f"{estimate['value']:.{digits}f}", " to ".join(said), estimate["value"]
