"""An image's facts as a row: what the file says, what decoding gave, what the pixels show; no opinion."""

from dataclasses import asdict, fields
from typing import Any, get_type_hints

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.facts.classifier import classifier_at
from curate.facts.evidence import Evidence, evidence_of
from curate.facts.fingerprint import Fingerprint, fingerprint_of
from curate.facts.style import Style, merged, scores_of, style_of
from curate.pixels.measure import Header, Pixels, deviation_of, pixels_hash, reduced

Row = dict[str, Any]
TYPES: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    int | None: pa.int64(),
}


def _fields_of(kind: type) -> list[pa.Field]:
    hints = get_type_hints(kind)
    return [pa.field(field.name, TYPES.get(hints[field.name], pa.binary())) for field in fields(kind)]


SCHEMA = pa.schema(
    [
        pa.field("sha256", pa.string()),  # of the file
        pa.field("size", pa.int64()),  # bytes
        pa.field("failure", pa.string()),  # a Reason: why there are no pixels; empty when there are
        *_fields_of(Header),
        pa.field("profile_ignored", pa.bool_()),  # whether its colour profile is broken
        pa.field("pixels_hash", pa.string()),  # SHA-256 of the upright image's size and pixels
        pa.field("deviation", pa.float64()),  # grey levels
        *_fields_of(Evidence),
        pa.field("style", pa.string()),  # the most likely
        *(pa.field(f"style_{style.value}", pa.float64()) for style in Style),  # 0 to 1
        *_fields_of(Fingerprint),
    ]
)


def row_of(size: int, failure: str, header: Header | None) -> Row:
    """The facts of an image without pixels (yet), apart from its SHA-256."""
    unknown: Row = dict.fromkeys(SCHEMA.names)
    said = asdict(header) if header else {"format": "", "animated": False}
    return unknown | said | {"size": size, "failure": failure, "profile_ignored": False, "style": ""}


def seen_in(pixels: Pixels, *, profile_ignored: bool, classifier: str) -> Row:
    """The facts that decoding adds; the scores of a classifier, if given, replace those of the rules."""
    small = reduced(pixels)
    evidence = evidence_of(small)
    scores = scores_of(evidence)
    if classifier:
        scores = merged(scores, classifier_at(classifier).scores_of(pixels))
    fingerprint = fingerprint_of(small)
    return {
        "profile_ignored": profile_ignored,
        "pixels_hash": pixels_hash(pixels),
        "deviation": deviation_of(small),
        **asdict(evidence),
        "style": style_of(scores).value,
        **{f"style_{style.value}": score for style, score in scores.items()},
        **{field.name: getattr(fingerprint, field.name).tobytes() for field in fields(fingerprint)},
    }


def columns_of(table: pa.Table) -> dict[str, npt.NDArray[Any]]:
    """Columns as arrays: numbers as float, with NaN for unknown ones; texts as text."""
    return {name: _column(table[name]) for name in table.column_names}


def bytes_of(column: pa.ChunkedArray) -> npt.NDArray[np.uint8]:
    """A column of byte strings without nulls, in a row; not copied when it is in one piece."""
    whole = column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # no piece, or several
        return np.frombuffer(b"".join(column.to_pylist()), np.uint8)
    _, offsets, data = whole.buffers()
    first, last = np.frombuffer(offsets, np.int32)[[whole.offset, whole.offset + len(whole)]]
    return np.frombuffer(data, np.uint8)[first:last]


def _column(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    if pa.types.is_string(column.type):
        return np.asarray(column.fill_null("").to_numpy(zero_copy_only=False), dtype=np.str_)
    if pa.types.is_binary(column.type):
        return np.asarray(column.to_numpy(zero_copy_only=False))
    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False))
