"""Facts from runs with other parameters, as a run that knew nothing would have them."""

import math
from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curate.facts.row import columns_of
from curate.judge import by_header
from curate.pixels.failure import Failure
from fashion_pggan.params import CurateParams

BY_HEADER = ["width", "height", "animated"]
BEFORE_DECODING = ["sha256", "size", "format", "stored_width", "stored_height", "jpeg_quality", *BY_HEADER]


def lenient(params: CurateParams) -> CurateParams:
    """The parameters by which to decode an image that a person keeps, though its header may drop it."""
    smallest = 1 if params.enlarge else params.resolution
    return params.model_copy(update={"max_aspect": math.inf, "min_side": smallest})


def outdated(facts: pa.Table, params: CurateParams, kept: Collection[str]) -> pa.Array:
    """Whether to examine it again: its header dropped it and no longer does, or its worker died.

    Args:
        facts: of images.
        params: the curate section.
        kept: SHA-256 of the images that a person keeps.
    """
    columns = columns_of(facts.select(["failure", "pixels_hash"]))
    untried = np.isin(columns["failure"], ["", Failure.TOO_MANY_PIXELS.value]) & (
        columns["pixels_hash"] == ""
    )
    died = columns["failure"] == Failure.DECODER_DIED  # memory or time may have been short
    return pa.array(died | (untried & ~_dropped(facts, params, kept)))


def as_fresh(facts: pa.Table, params: CurateParams, kept: Collection[str]) -> pa.Table:
    """The facts without those of pixels that a run does not decode; arguments as for `outdated`."""
    dropped = pa.array(_dropped(facts, params, kept))
    columns = columns_of(facts.select(["width", "height"]))
    many = pa.array(columns["width"] * columns["height"] > params.max_pixels)
    failure = pc.case_when(
        pc.make_struct(many, facts["animated"]), Failure.TOO_MANY_PIXELS.value, Failure.ANIMATED.value, ""
    )
    instead = {"failure": failure, "profile_ignored": False}
    for place, field in enumerate(facts.schema):
        if field.name not in BEFORE_DECODING:
            other = instead.get(field.name, pa.scalar(None, field.type))
            facts = facts.set_column(place, field, pc.if_else(dropped, other, facts[field.name]))
    return facts


def _dropped(facts: pa.Table, params: CurateParams, kept: Collection[str]) -> npt.NDArray[np.bool_]:
    """Which images the header drops."""
    columns = columns_of(facts.select(["sha256", *BY_HEADER]))
    chosen = np.isin(columns["sha256"], np.asarray(sorted(kept), np.str_))
    return np.where(chosen, by_header(columns, lenient(params)), by_header(columns, params))
