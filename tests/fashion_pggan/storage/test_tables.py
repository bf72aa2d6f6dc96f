"""Every changed bit of a sealed Parquet file is noticed, and what is whole is still read."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.damage import flip, flips
from fashion_pggan.storage.seal import DamagedError, seal_of
from fashion_pggan.storage.tables import UNREADABLE, is_sealed, open_table, read_table, rescue, write_table

SCHEMA = pa.schema([("name", pa.string()), ("number", pa.int64()), ("share", pa.float64())])
GROUP, GROUPS = 50, 4
ROWS = pa.Table.from_pylist(
    [{"name": f"image {row}", "number": row, "share": row / 7} for row in range(GROUP * GROUPS)], SCHEMA
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of four row groups."""
    path = tmp_path / "rows.parquet"
    write_table(path, (ROWS.slice(start, GROUP) for start in range(0, len(ROWS), GROUP)), SCHEMA)
    return path


def test_other_readers_read_a_sealed_file(path):
    assert pq.read_table(path).equals(ROWS)
    assert pd.read_parquet(path).equals(ROWS.to_pandas())
    assert read_table(path, SCHEMA).equals(ROWS)


def test_the_same_rows_give_the_same_bytes(path, tmp_path):
    again = (ROWS.slice(start, GROUP) for start in range(0, len(ROWS), GROUP))
    write_table(tmp_path / "again.parquet", again, SCHEMA)
    assert (tmp_path / "again.parquet").read_bytes() == path.read_bytes()


def test_a_part_of_the_seal_is_a_row_group(path):
    with path.open("rb") as file:
        seal = seal_of(file)
    footer = pq.read_metadata(path)
    ends = [
        chunk.dictionary_page_offset + chunk.total_compressed_size
        for chunk in (footer.row_group(group).column(2) for group in range(GROUPS))
    ]
    assert [*seal.starts[1:], seal.start] == ends


def test_no_flipped_bit_is_read(path):
    for place in flips(path, 100):
        with pytest.raises(UNREADABLE):
            read_table(path, SCHEMA)
        kept, lost = rescue(path, SCHEMA)
        assert len(kept) >= len(ROWS) - GROUP, place
        assert kept.equals(ROWS.take(kept["number"].combine_chunks())), place
        assert lost == len(ROWS) - len(kept)
    assert read_table(path, SCHEMA).equals(ROWS)


@pytest.mark.parametrize("size", [1, 8, 300])
def test_a_zeroed_end_costs_no_row(path, size):
    path.write_bytes(path.read_bytes()[:-size] + bytes(size))  # as a power cut leaves it
    with pytest.raises(DamagedError):
        read_table(path, SCHEMA)
    kept, lost = rescue(path)
    assert kept.equals(ROWS)
    assert lost == 0


def test_of_half_a_file_nothing_is_left(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DamagedError, match="its end is not that of a Parquet file"):
        read_table(path, SCHEMA)
    assert rescue(path) == (None, None)


def test_two_damaged_footers_leave_the_number_of_rows(path):
    with path.open("rb") as file:
        seal = seal_of(file)
    flip(path, 8 * (seal.start + 5))
    flip(path, 8 * (seal.end + 5))
    assert rescue(path) == (None, len(ROWS))


def test_a_file_whose_seal_is_cut_out_is_damaged(path):
    with path.open("rb") as file:
        seal = seal_of(file)
    data = path.read_bytes()
    path.write_bytes(data[: seal.start] + data[seal.end :])
    with pytest.raises(DamagedError, match="its seal is gone"), open_table(path, foreign=True):
        pass
    assert not is_sealed(path)


def test_foreign_files_are_read_where_they_may_be(tmp_path):
    path = tmp_path / "foreign.parquet"
    pq.write_table(ROWS, path)
    assert not is_sealed(path)
    with open_table(path, foreign=True) as file:
        assert file.read().equals(ROWS)
    with pytest.raises(DamagedError, match="it has no seal"):
        read_table(path, SCHEMA)
    kept, lost = rescue(path)
    assert (kept.equals(ROWS), lost) == (True, 0)


def test_page_checksums_of_foreign_files_are_verified(tmp_path):
    path = tmp_path / "foreign.parquet"
    pq.write_table(ROWS, path, write_page_checksum=True, use_dictionary=False, compression="none")
    flip(path, 8 * path.read_bytes().index(b"image 100") + 1)
    with pytest.raises(OSError, match="CRC"), open_table(path, foreign=True) as file:
        file.read()


def test_a_file_without_rows_is_sealed_too(tmp_path):
    path = tmp_path / "none.parquet"
    write_table(path, SCHEMA.empty_table(), SCHEMA)
    assert is_sealed(path)
    assert read_table(path, SCHEMA).num_rows == 0
    for _ in flips(path, 50):
        with pytest.raises(UNREADABLE):
            read_table(path, SCHEMA)


def test_other_columns_are_an_error(path):
    with pytest.raises(ValueError, match="its columns are name, number, share"):
        read_table(path, pa.schema([("other", pa.string())]))
