"""Which images are dropped by their own facts: facts and thresholds in, one reason out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from curate.facts.style import Style
from curate.pixels.measure import Header
from curate.reasons import Reason
from fashion_pggan.params import CurateParams

Columns = Mapping[str, npt.NDArray[Any]]  # facts by name, one entry per image; unknown numbers are NaN

JUDGED = [  # the facts that the rules read
    "width",
    "height",
    "animated",
    "failure",
    "deviation",
    "sharpness",
    "banner",
    "text_score",
    "collage",
    "garment_score",
    "style",
    *(f"style_{style.value}" for style in Style),
]


def judge(facts: Columns, params: CurateParams) -> npt.NDArray[np.str_]:
    """The reason for each image; empty where the image is usable by itself. Copies are decided elsewhere.

    The first rule that holds gives the reason. Rules on the header come first, then decoding, then content.

    Args:
        facts: columns as `curate.facts` names them.
        params: the curate section.
    """
    no_header = np.isnan(facts["width"]) & (facts["failure"] != "")
    rules = [
        (no_header, facts["failure"]),
        *_header_rules(facts, params),
        (facts["failure"] != "", facts["failure"]),
        (facts["deviation"] < params.min_deviation, Reason.BLANK),
        (facts["sharpness"] < params.min_sharpness, Reason.BLURRED),
        (_banner(facts) > params.max_banner, Reason.BANNER),
        (facts["collage"] > params.max_collage, Reason.COLLAGE),
        (facts["garment_score"] < params.min_garment, Reason.NO_GARMENT),
        (_other_style(facts, params), Reason.STYLE),
    ]
    conditions = [condition for condition, _ in rules]
    choices = [np.broadcast_to(np.asarray(reason, "U24"), no_header.shape) for _, reason in rules]
    return np.select(conditions, choices, default="")


def by_header(facts: Columns, params: CurateParams) -> npt.NDArray[np.bool_]:
    """Which images the header alone drops, whatever their pixels are: these are not decoded.

    Args:
        facts: `width`, `height` and `animated`, as `judge` takes them.
        params: the curate section.
    """
    return np.asarray(np.any([condition for condition, _ in _header_rules(facts, params)], axis=0))


def _header_rules(facts: Columns, params: CurateParams) -> list[tuple[npt.NDArray[np.bool_], Reason]]:
    width, height = facts["width"], facts["height"]
    short, long = np.minimum(width, height), np.maximum(width, height)
    return [
        (width * height > params.max_pixels, Reason.TOO_MANY_PIXELS),
        (facts["animated"].astype(bool), Reason.ANIMATED),
        (short < params.min_side, Reason.TOO_SMALL),
        (long > short * params.max_aspect, Reason.ASPECT),
    ]


def _banner(facts: Columns) -> npt.NDArray[np.float64]:
    """The network's score for text where it looked, that of the rule elsewhere."""
    return np.where(np.isnan(facts["text_score"]), facts["banner"], facts["text_score"])


def _other_style(facts: Columns, params: CurateParams) -> npt.NDArray[np.bool_]:
    other = np.zeros(facts["style"].shape, bool)
    if params.styles:
        other |= ~np.isin(facts["style"], params.styles)
    for style, most in params.max_scores.items():
        other |= facts[f"style_{style}"] > most
    return other


def judge_row(facts: Mapping[str, Any], params: CurateParams) -> str:
    """The reason for one image that has pixels."""
    return str(judge(_columns(facts, JUDGED), params)[0])


def dropped_by_header(header: Header, params: CurateParams) -> bool:
    """Whether one image's header drops it."""
    return bool(by_header(_columns(asdict(header), ["width", "height", "animated"]), params)[0])


def _columns(facts: Mapping[str, Any], names: Sequence[str]) -> Columns:
    return {name: np.asarray([np.nan if facts[name] is None else facts[name]]) for name in names}
