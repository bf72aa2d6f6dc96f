"""Which images are dropped, and why: facts and thresholds in, one reason out; nothing is decoded here."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from curate.facts.style import Style
from curate.pixels.measure import Header
from fashion_pggan.params import CurateParams

Columns = Mapping[str, npt.NDArray[Any]]  # facts by name, an entry per image; numbers are NaN where not known


class Reason(StrEnum):
    """Why an image is not in the dataset."""

    EMPTY = "EMPTY"  # no bytes
    NOT_IMAGE = "NOT_IMAGE"  # a page, an error message, anything else
    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"  # a kind of image that is never opened
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"  # by its header
    ANIMATED = "ANIMATED"
    TOO_SMALL = "TOO_SMALL"  # smaller side below curate.min_side
    ASPECT = "ASPECT"  # long side over short side above curate.max_aspect
    TRUNCATED = "TRUNCATED"  # the file ends too early
    DECODE_ERROR = "DECODE_ERROR"
    DECODER_DIED = "DECODER_DIED"  # took the worker down, or too long
    BLANK = "BLANK"  # nothing to see
    BLURRED = "BLURRED"  # sharpness below curate.min_sharpness
    BANNER = "BANNER"  # text banner score above curate.max_banner
    COLLAGE = "COLLAGE"  # several images in one, above curate.max_collage
    STYLE = "STYLE"  # not one of curate.styles, or a score above curate.max_scores
    DUPLICATE = "DUPLICATE"  # a copy of an image that is kept


# The facts that rules read.
JUDGED = (
    *("width", "height", "animated", "failure", "deviation", "sharpness", "banner", "collage", "style"),
    *(f"style_{style.value}" for style in Style),
)
# What a person can change about it, for the error when nothing is left.
ADVICE: Mapping[Reason, str] = {
    Reason.TOO_SMALL: "lower curate.min_side in params.yaml, now {min_side}",
    Reason.ASPECT: "raise curate.max_aspect in params.yaml, now {max_aspect}",
    Reason.TOO_MANY_PIXELS: "raise curate.max_pixels in params.yaml, now {max_pixels}",
    Reason.BLANK: "lower curate.min_deviation in params.yaml, now {min_deviation}",
    Reason.BLURRED: "lower curate.min_sharpness in params.yaml, now {min_sharpness}",
    Reason.BANNER: "raise curate.max_banner in params.yaml, now {max_banner}",
    Reason.COLLAGE: "raise curate.max_collage in params.yaml, now {max_collage}",
    Reason.STYLE: "add to curate.styles, now {styles}, or raise curate.max_scores, now {max_scores}",
}


def too_many_pixels(header: Header, params: CurateParams) -> bool:
    """Whether an image is not to be decoded at all."""
    return header.width * header.height > params.max_pixels


def judge(facts: Columns, params: CurateParams) -> npt.NDArray[np.str_]:
    """The reason for each image, empty where it is usable by itself; copies are another matter.

    The first rule that holds gives the reason: what the header says, then decoding, then what is seen.

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
    """The reason for one image with pixels."""
    return str(judge({name: np.asarray([facts[name]]) for name in JUDGED}, params)[0])
