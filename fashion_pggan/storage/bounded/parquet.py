"""Parquet within limits: a file of a few bytes may repeat a value of megabytes a million times."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fashion_pggan.storage.bounded.parquet_pages import has_wrong_sizes, pages_of

BATCH_ROWS = 1024  # in memory at once
BATCH_BYTES = 64 << 20  # of values in memory at once, where a file repeats them
ROWS = 100_000  # of a file, in addition to one per byte
DECLARED = 64 << 20  # bytes of a file's pages, in addition to MOST_PACKED per byte of the file
MOST_PACKED = 20  # bytes that a byte of records may unpack to; 4 is usual
DECODED = 64 << 20  # bytes of all values, in addition to MOST_REPEATED per byte of the file
MOST_REPEATED = 100  # bytes of values that a byte of records may stand for; 10 is usual


class BoundedParquet:
    """A Parquet file, read in batches that fit into memory, whatever it says.

    Args:
        source: the file, or its bytes.
        size: of the file in bytes.

    Raises:
        ValueError: it claims more rows than a file of its size can hold.
        pa.ArrowException, OSError: it is not a Parquet file.
    """

    def __init__(self, source: Any, size: int) -> None:
        self.source, self.size = source, size
        self.file = pq.ParquetFile(source, page_checksum_verification=True)
        self.metadata = self.file.metadata
        self.schema: pa.Schema = self.file.schema_arrow
        self.names: list[str] = self.schema.names
        self.groups: int = self.file.num_row_groups
        self.rows: int = self.metadata.num_rows
        if has_wrong_sizes(self.metadata.created_by):
            raise ValueError(f"{self.metadata.created_by[:80]} wrote it, with wrong sizes: write it again")
        rows = [self.metadata.row_group(group).num_rows for group in range(self.groups)]
        if sum(rows) != self.rows or min(rows, default=0) < 0 or self.rows > ROWS + size:
            raise ValueError(f"it claims to have {self.rows:,} rows in {size:,} bytes")

    def batches(
        self, columns: Sequence[str] | None = None, *, groups: Sequence[int] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows, a few at a time.

        Args:
            columns: those to read; None: all.
            groups: row groups to read; None: all.

        Raises:
            ValueError: they are more than a file of its size can hold, or a column holds lists.
            pa.ArrowException, OSError: they cannot be read.
        """
        wanted = self.names if columns is None else columns
        leaves = self._leaves_of(wanted)
        decoded = 0
        for group in range(self.groups) if groups is None else groups:
            sizes = self._sizes_of(group, leaves)
            rows = self._rows_at_once(group, sizes)
            for batch in self.file.iter_batches(rows, row_groups=[group], columns=list(wanted)):
                plain = _plain(batch)
                decoded += plain.nbytes
                if decoded > DECODED + MOST_REPEATED * self.size:
                    raise ValueError(f"its values take {decoded:,} bytes or more, in a file of {self.size:,}")
                yield plain

    def read(self, groups: Sequence[int] | None = None) -> pa.Table:
        """All rows, or those of some row groups; raises what `batches` raises."""
        return pa.Table.from_batches(self.batches(groups=groups), schema=_plain_schema(self.schema))

    def _leaves_of(self, columns: Sequence[str]) -> list[int]:
        """The positions of the columns' parts in a row group."""
        schema = self.metadata.schema
        leaves = [
            place
            for place in range(self.metadata.num_columns)
            if schema.column(place).path.partition(".")[0] in columns
        ]
        if lists := [place for place in leaves if schema.column(place).max_repetition_level]:
            raise ValueError(f"its column {schema.column(lists[0]).path} holds lists")
        return leaves

    def _sizes_of(self, group: int, leaves: Sequence[int]) -> dict[int, int]:
        """Bytes that each column unpacks to, by the headers of its pages.

        Raises:
            ValueError: they are more than a file of its size can hold, or a header is broken.
        """
        columns = {place: self.metadata.row_group(group).column(place) for place in leaves}
        sizes = {
            place: sum(page.size for page in pages_of(self.source, self.size, column))
            for place, column in columns.items()
        }
        size = sum(sizes.values())
        if size > DECLARED + MOST_PACKED * self.size:
            raise ValueError(f"its row group {group} unpacks to {size:,} bytes, in a file of {self.size:,}")
        return sizes

    def _rows_at_once(self, group: int, sizes: Mapping[int, int]) -> int:
        """How many rows to read at once, so that repeated values fit into memory."""
        rows = BATCH_ROWS
        for place, size in sizes.items():
            part = self.metadata.row_group(group).column(place)
            if part.physical_type != "BYTE_ARRAY":
                continue
            longest = size
            if part.has_dictionary_page and longest * rows > BATCH_BYTES:
                longest = self._longest_repeated(group, part.path_in_schema)
            elif not part.has_dictionary_page and "DELTA_BYTE_ARRAY" not in part.encodings:
                longest = 0  # the file holds every value itself
            rows = min(rows, BATCH_BYTES // max(longest, 1))
        return max(rows, 1)

    def _longest_repeated(self, group: int, path: str) -> int:
        """Bytes of the longest value in a dictionary."""
        file = pq.ParquetFile(self.source, metadata=self.metadata, read_dictionary=[path])
        column = next(file.iter_batches(1, row_groups=[group], columns=[path])).column(0)
        while pa.types.is_struct(column.type):
            column = column.field(0)
        if not pa.types.is_dictionary(column.type):
            return BATCH_BYTES
        return pc.max(pc.binary_length(column.dictionary)).as_py() or 0


def _plain_schema(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.with_type(_plain_type(field.type)) for field in schema])


def _plain_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch without dictionaries, which would hide how large its values are."""
    columns = [
        column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, schema=_plain_schema(batch.schema))
