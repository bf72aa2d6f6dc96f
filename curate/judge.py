"""Which pictures are dropped, and why: facts and thresholds in, one reason out; nothing is decoded here."""

from collections.abc import Mapping
from enum import StrEnum

from curate.measure import Header
from fashion_pggan.params import CurateParams


class Reason(StrEnum):
    """Why a picture is not in the data set."""

    EMPTY = "EMPTY"  # no bytes
    NOT_IMAGE = "NOT_IMAGE"  # a page, an error message, anything else
    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"  # a kind of picture that is never opened
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"  # by its header
    ANIMATED = "ANIMATED"
    TOO_SMALL = "TOO_SMALL"  # smaller side below curate.min_side
    ASPECT = "ASPECT"  # long side over short side above curate.max_aspect
    TRUNCATED = "TRUNCATED"  # the file ends too early
    DECODE_ERROR = "DECODE_ERROR"
    DECODER_DIED = "DECODER_DIED"  # took the worker down, or too long
    BLANK = "BLANK"  # nothing to see
    DUPLICATE = "DUPLICATE"  # same bytes or same pixels as a picture that is kept


# What a person can change about it, for the error when nothing is left.
ADVICE: Mapping[Reason, str] = {
    Reason.TOO_SMALL: "lower curate.min_side in params.yaml, now {min_side}",
    Reason.ASPECT: "raise curate.max_aspect in params.yaml, now {max_aspect}",
    Reason.TOO_MANY_PIXELS: "raise curate.max_pixels in params.yaml, now {max_pixels}",
    Reason.BLANK: "lower curate.min_deviation in params.yaml, now {min_deviation}",
}


def judge_header(header: Header, params: CurateParams) -> Reason | None:
    """What can be said before decoding."""
    short, long = sorted((header.width, header.height))
    if header.width * header.height > params.max_pixels:
        return Reason.TOO_MANY_PIXELS
    if header.animated:
        return Reason.ANIMATED
    if short < params.min_side:
        return Reason.TOO_SMALL
    if long > short * params.max_aspect:
        return Reason.ASPECT
    return None


def judge_pixels(deviation: float, params: CurateParams) -> Reason | None:
    """What can be said after decoding.

    Args:
        deviation: see `curate.measure.deviation_of`.
        params: the curate section.
    """
    return Reason.BLANK if deviation < params.min_deviation else None
