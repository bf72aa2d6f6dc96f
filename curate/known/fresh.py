"""Facts from runs with other parameters, as a run that knew nothing would have them."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.facts.row import columns_of
from curate.judge import by_header
from curate.pixels.failure import Failure
from fashion_pggan.params import CurateParams

BY_HEADER = ["width", "height", "animated"]
BEFORE_DECODING = ["sha256", "size", "format", "stored_width", "stored_height", "jpeg_quality", *BY_HEADER]


def outdated(facts: pa.Table, params: CurateParams) -> pa.Array:
    """Whether to examine it again: its header dropped it and no longer does, or its worker died."""
    columns = columns_of(facts.select([*BY_HEADER, "failure", "pixels_hash"]))
    untried = np.isin(columns["failure"], ["", Failure.TOO_MANY_PIXELS.value]) & (
        columns["pixels_hash"] == ""
    )
    died = columns["failure"] == Failure.DECODER_DIED  # memory or time may have been short
    return pa.array(died | (untried & ~by_header(columns, params)))


def as_fresh(facts: pa.Table, params: CurateParams) -> pa.Table:
    """The facts without those of pixels that these parameters do not decode."""
    columns = columns_of(facts.select(BY_HEADER))
    dropped = pa.array(by_header(columns, params))
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
