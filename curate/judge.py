"""Which images are dropped by their own facts: facts and thresholds in, one reason out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from curate.facts.style import Style
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
    "collage",
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
    width, height = facts["width"], facts["height"]
    short, long = np.minimum(width, height), np.maximum(width, height)
    no_header = np.isnan(width) & (facts["failure"] != "")
    rules = [
        (no_header, facts["failure"]),
        (width * height > params.max_pixels, Reason.TOO_MANY_PIXELS),
        (facts["animated"].astype(bool), Reason.ANIMATED),
        (short < params.min_side, Reason.TOO_SMALL),
        (long > short * params.max_aspect, Reason.ASPECT),
        (facts["failure"] != "", facts["failure"]),
        (facts["deviation"] < params.min_deviation, Reason.BLANK),
        (facts["sharpness"] < params.min_sharpness, Reason.BLURRED),
        (facts["banner"] > params.max_banner, Reason.BANNER),
        (facts["collage"] > params.max_collage, Reason.COLLAGE),
        (_other_style(facts, params), Reason.STYLE),
    ]
    conditions = [condition for condition, _ in rules]
    choices = [np.broadcast_to(np.asarray(reason, "U24"), width.shape) for _, reason in rules]
    return np.select(conditions, choices, default="")


def _other_style(facts: Columns, params: CurateParams) -> npt.NDArray[np.bool_]:
    other = np.zeros(facts["style"].shape, bool)
    if params.styles:
        other |= ~np.isin(facts["style"], params.styles)
    for style, most in params.max_scores.items():
        other |= facts[f"style_{style}"] > most
    return other


def judge_row(facts: Mapping[str, Any], params: CurateParams) -> str:
    """The reason for one image that has pixels."""
    known = {name: np.nan if facts[name] is None else facts[name] for name in JUDGED}
    return str(judge({name: np.asarray([fact]) for name, fact in known.items()}, params)[0])
