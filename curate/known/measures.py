"""What was measured of many images, in one table: a row per image, nulls where nothing was measured."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from curate.known.asked import MEASURES, STYLES
from curate.known.worn import styled


def measures_of(facts: pa.Table, more: Sequence[pa.Table], *, styles: bool) -> pa.Table:
    """All columns of `MEASURES`.

    Args:
        facts: of each image, by SHA-256.
        more: other facts of some of them, likewise.
        styles: whether to say the style of each image for which all was measured.
    """
    columns = {name: facts[name] for name in facts.column_names}
    for table in more:
        rows = table.take(pc.index_in(facts["sha256"], table["sha256"]))
        columns |= {name: rows[name] for name in table.column_names if name != "sha256"}
    nothing = pa.nulls(len(facts))
    whole = pa.table(
        [columns.get(name, nothing).cast(MEASURES.field(name).type) for name in MEASURES.names],
        MEASURES.names,
    )
    said = map(styled, whole.to_pylist()) if styles else [{}] * len(facts)
    made = pa.Table.from_pylist([{"style": ""} | row for row in said], STYLES)
    for name in STYLES.names:
        whole = whole.set_column(MEASURES.get_field_index(name), MEASURES.field(name), made[name])
    return whole
