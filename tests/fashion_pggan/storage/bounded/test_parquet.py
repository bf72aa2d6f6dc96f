"""Parquet files that were made to hurt: each is refused, in little memory."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fashion_pggan.storage.bounded.parquet import BoundedParquet

LONG = "x" * (1 << 20)
MOST_BYTES = 200 << 20  # that Arrow may hold for a file of a few kilobytes


def repeated(rows, *, first=0):
    return pa.DictionaryArray.from_arrays(pa.array([first, *[0] * rows], pa.int32()), [LONG])


def lists():
    return pa.array([[None] * 1_000_000] * 10, pa.list_(pa.int64()))


def structs():
    parts = [pa.array([LONG.encode()] * 200), pa.array(["a"] * 200)]
    return pa.StructArray.from_arrays(parts, ["bytes", "path"])


BOMBS = {
    "a dictionary": (lambda: repeated(20_000), {}, "its values take"),
    "a dictionary without a schema": (
        lambda: pa.array([LONG] * 100),
        {"store_schema": False},
        "its values take",
    ),
    "a dictionary behind a null": (lambda: repeated(20_000, first=None), {}, "its values take"),
    "a dictionary in a struct": (structs, {}, "its values take"),
    "prefixes": (
        lambda: pa.array([LONG + str(number) for number in range(100)]),
        {"use_dictionary": False, "column_encoding": {"a": "DELTA_BYTE_ARRAY"}},
        "its values take",
    ),
    "a long value": (
        lambda: pa.array(["y" * (80 << 20)]),
        {"use_dictionary": False, "compression": "zstd"},
        "its row group 0 unpacks to 83,886",
    ),
    "lists": (lists, {}, "its column a.list.element holds lists"),
    "rows of nothing": (lambda: pa.nulls(5_000_000), {}, "it claims to have 5,000,000 rows"),
}


@pytest.fixture
def pool():
    """Where Arrow gets its memory, counted from 0."""
    before, pool = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
    pa.set_memory_pool(pool)
    yield pool
    pa.set_memory_pool(before)


@pytest.mark.parametrize("kind", list(BOMBS))
def test_a_small_file_of_gigabytes_is_refused_in_little_memory(tmp_path, kind, pool):
    make, options, says = BOMBS[kind]
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"a": make()}), path, **options)
    assert path.stat().st_size < 200_000
    made = pool.max_memory()
    with path.open("rb") as file, pytest.raises(ValueError, match=says):
        max(batch.nbytes for batch in BoundedParquet(file, path.stat().st_size).batches())
    assert pool.max_memory() <= max(made, MOST_BYTES)


@pytest.mark.parametrize("options", [{}, {"row_group_size": 1000}, {"use_dictionary": False}])
def test_all_rows_of_a_usual_file_come_in_their_order(tmp_path, options):
    path, names = tmp_path / "usual.parquet", [f"https://a.example/{number}.jpg" for number in range(5000)]
    table = pa.table({"url": names, "query": ["티셔츠"] * 5000, "width": range(5000), "lists": [[1]] * 5000})
    pq.write_table(table, path, **options)
    with path.open("rb") as file:
        batches = list(BoundedParquet(file, path.stat().st_size).batches(["url", "query", "width"]))
    assert pa.Table.from_batches(batches).equals(table.drop(["lists"]))
    assert max(map(len, batches)) <= 1024


def test_a_column_that_is_asked_for_may_be_read_beside_one_of_lists(tmp_path):
    path = tmp_path / "lists.parquet"
    pq.write_table(pa.table({"url": ["a"], "lists": [[1]]}), path)
    with path.open("rb") as file:
        assert [len(batch) for batch in BoundedParquet(file, 1000).batches(["url"])] == [1]
