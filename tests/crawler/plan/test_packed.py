"""Packed answers."""

import json
import zlib
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.plan.entries import entry_of
from crawler.plan.packed import LONGEST, MOST_FIELDS, MOST_RESULTS, packed, unpacked

CALL = ["셔츠", 1, 100, "sim", "all"]
RESULT = st.tuples(
    st.integers(0, 1000), st.text(), st.text(), st.none() | st.integers(), st.none(), st.text()
)


@given(st.none() | st.integers(), st.lists(RESULT.map(list), max_size=5))
def test_an_answer_is_the_same_after_packing(total: int | None, results: list[list[Any]]) -> None:
    line = {"call": CALL, "total": total, "returned": 7, "results": results}
    assert unpacked(json.loads(json.dumps(packed(line)))) == line


def test_a_page_takes_less_than_a_third_and_other_lines_stay() -> None:
    results = [
        [i, f"셔츠 {i * 7919}", f"https://shop.example/p/{i * 7919}.jpg", 500, 500, ""] for i in range(100)
    ]
    line = {"call": CALL, "total": 100, "returned": 100, "results": results}
    assert len(json.dumps(packed(line))) < len(json.dumps(line, ensure_ascii=False).encode()) / 3
    for other in ({"crawl": "a"}, {"call": CALL}, {"lost": "https://a", "reason": "x", "limits": ""}):
        assert packed(other) == unpacked(other) == other


def of(data: bytes) -> dict[str, Any]:
    return {"call": CALL, "packed": b64encode(data).decode()}


@pytest.mark.parametrize(
    "values",
    [
        {"call": CALL, "packed": "?"},
        {"call": CALL, "packed": 7},
        of(b"x"),
        of(zlib.compress(b"[1,2,[1]]")[:-3]),
        of(zlib.compress(b"[1]")),
        of(zlib.compress(b"7")),
        of(zlib.compress(b"[1,2,3]")),
        of(zlib.compress(b"[1,2,[1],[]]")),
        of(zlib.compress(b"\xff")),
        of(zlib.compress(b" " * LONGEST + b"[1,2]")),
        of(zlib.compress(b"[1,2,[" + b"1," * MOST_RESULTS + b"1]]")),
        of(zlib.compress(b"[1,2" + b",[]" * (MOST_FIELDS + 1) + b"]")),
    ],
    ids=range(12),
)
def test_what_is_no_packed_answer_is_no_entry(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpacked(values)
    assert entry_of(values) is None


def test_an_answer_too_long_to_be_read_packed_is_not_packed() -> None:
    line = {"call": CALL, "total": 1, "returned": 1, "results": [[1, "a" * LONGEST, "https://a", 1, 1, ""]]}
    assert packed(line) == unpacked(line) == line
