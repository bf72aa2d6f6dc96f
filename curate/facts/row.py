"""An image's facts as a row: what the file says and what decoding gave; no opinion."""

from dataclasses import asdict, fields
from typing import Any, get_type_hints

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.facts.fingerprint import Fingerprint, fingerprint_of
from curate.facts.view import View
from curate.pixels.measure import Header, deviation_of, pixels_hash

Row = dict[str, Any]
TYPES: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    int | None: pa.int64(),
    float | None: pa.float64(),
}


def fields_of(kind: type) -> list[pa.Field]:
    """The columns of a dataclass of facts."""
    hints = get_type_hints(kind)
    return [pa.field(field.name, TYPES.get(hints[field.name], pa.binary())) for field in fields(kind)]


SCHEMA = pa.schema(
    [
        pa.field("sha256", pa.string()),  # of the file
        pa.field("size", pa.int64()),  # bytes
        pa.field("failure", pa.string()),  # why there are no pixels; empty: there are, or nothing was tried
        *fields_of(Header),
        pa.field("profile_ignored", pa.bool_()),  # whether its colour profile is broken
        pa.field("pixels_hash", pa.string()),  # SHA-256 of the upright image's size and pixels
        pa.field("deviation", pa.float64()),  # grey levels
        *fields_of(Fingerprint),
    ]
)


def row_of(size: int, failure: str, header: Header | None, kind: str = "") -> Row:
    """The facts of an image without pixels (yet), apart from its SHA-256; `kind` where there is no header."""
    unknown: Row = dict.fromkeys(SCHEMA.names)
    said = asdict(header) if header else {"format": kind, "animated": False}
    return unknown | said | {"size": size, "failure": failure, "profile_ignored": False}


def seen_in(view: View, *, profile_ignored: bool) -> Row:
    """The facts that decoding adds."""
    fingerprint = fingerprint_of(view.seen)
    return {
        "profile_ignored": profile_ignored,
        "pixels_hash": pixels_hash(view.pixels),
        "deviation": deviation_of(view.seen),
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
