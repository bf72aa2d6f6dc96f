"""Writes the program's Parquet files with a seal and page checksums, and verifies them on every read.

Any Parquet reader reads them. A file of another program has no seal; its page checksums are verified, if it
has any.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fashion_pggan.errors import one_line
from fashion_pggan.storage.bounded.parquet import BoundedParquet
from fashion_pggan.storage.bounded.plain_file import open_plain, read_bytes
from fashion_pggan.storage.files import atomic_write
from fashion_pggan.storage.seal import SEALED, DamagedError, SealingFile, check, seal_of, whole_parts

UNREADABLE = (pa.ArrowException, OSError, ValueError)  # what reading a broken file raises
MOST_RESCUED = 1 << 30  # bytes of a damaged file, which is read into memory


def write_table(path: Path, tables: pa.Table | Iterable[pa.Table], schema: pa.Schema) -> None:
    """Write a Parquet file in one step.

    Args:
        path: the file.
        tables: its rows; each table becomes a row group, all of which a damaged byte loses.
        schema: of all tables.
    """
    marked = schema.with_metadata({**(schema.metadata or {}), SEALED: "1"})
    with atomic_write(path) as file:
        sealing = SealingFile(file)
        with pq.ParquetWriter(sealing, marked, compression="zstd", write_page_checksum=True) as writer:
            for table in [tables] if isinstance(tables, pa.Table) else tables:
                if len(table):
                    writer.write_table(table.cast(marked), row_group_size=len(table))
                    sealing.end_part(len(table))
            sealing.begin_footer()
        sealing.finish()


@contextmanager
def open_table(path: Path, *, foreign: bool = False) -> Iterator[BoundedParquet]:
    """Verify all bytes of a Parquet file, and open it.

    Args:
        path: the file.
        foreign: whether it may lack a seal, as files of other programs and of early versions do.

    Raises:
        DamagedError: the file is not what was written, or has no seal.
        UserError: it is not a plain file.
        ValueError: it claims more rows than it can hold.
        OSError: it cannot be read.
        pa.ArrowException: it is not a Parquet file.
    """
    with open_plain(path) as opened:
        sealed = check(opened)
        size = opened.seek(0, os.SEEK_END)
        opened.seek(0)
        file = BoundedParquet(opened, size)
        if not sealed:
            _check_unsealed(file, foreign=foreign)
        yield file


def read_table(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a file that `write_table` wrote, which has these columns.

    Raises:
        DamagedError, OSError, pa.ArrowException: as `open_table`.
        ValueError: it has other columns.
    """
    with open_table(path) as file:
        return _fitting(file.read(), schema)


def is_sealed(path: Path) -> bool:
    """Whether a file has a seal; the rest of the file is not read.

    Raises:
        OSError: the file cannot be read.
    """
    with open_plain(path) as file:
        try:
            return seal_of(file) is not None
        except DamagedError:
            return False


def table_fault(path: Path) -> str:
    """What is wrong with a Parquet file, all of which is read; empty if nothing is."""
    try:
        with open_table(path, foreign=True) as file:
            for _ in file.batches():
                pass
    except UNREADABLE as error:
        return one_line(error)
    return ""


def rescue(path: Path, schema: pa.Schema | None = None) -> tuple[pa.Table | None, int | None]:
    """The intact rows of a damaged file.

    A row group of a sealed file is intact if all its bytes are those that were written. Without a seal, it is
    intact if it can be read.

    Args:
        path: the file.
        schema: the columns that it must have.

    Returns:
        The rows; None if there are none. How many rows are lost; None if that is not known.

    Raises:
        UserError: the file is larger than any of a crawl.
        OSError: it cannot be read.
    """
    content, whole, rows = whole_parts(read_bytes(path, MOST_RESCUED))
    tables: list[pa.Table] = []
    try:
        file = BoundedParquet(pa.BufferReader(content), len(content))
        rows = file.rows
        for group in range(file.groups):
            if whole is None or whole[group]:
                tables += _group(file, group, schema)
    except UNREADABLE:
        pass
    kept = pa.concat_tables(tables) if tables else None
    return kept, None if rows is None else rows - (len(kept) if kept is not None else 0)


def _group(file: BoundedParquet, group: int, schema: pa.Schema | None) -> list[pa.Table]:
    try:
        table = file.read([group])
        return [_fitting(table, schema) if schema else table]
    except UNREADABLE:
        return []


def _fitting(table: pa.Table, schema: pa.Schema) -> pa.Table:
    if table.column_names != schema.names:
        raise ValueError(f"its columns are {', '.join(table.column_names)}")
    return table.cast(schema)


def _check_unsealed(file: BoundedParquet, *, foreign: bool) -> None:
    if SEALED.encode() in (file.metadata.metadata or {}):
        raise DamagedError("its seal is gone")
    if not foreign:
        raise DamagedError("it has no seal: an early version of the program wrote it, or another one")
