"""JSON within limits."""

import pytest

from fashion_pggan.storage.bounded.json_text import DEEPEST, json_in


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[" * 100_000, "nested deeper than 64 levels"),
        ('{"a":' * 100_000, "nested deeper than 64 levels"),
        ("[" * 65 + "]" * 65, "nested deeper than 64 levels"),
        (b"[" * 65 + b"]" * 65, "nested deeper than 64 levels"),
        ("1" * 5000, "digits"),
        ("[NaN]", "NaN is no number"),
        ("[-Infinity]", "-Infinity is no number"),
        ("", "Expecting value"),
        ("\ufeff{}", "BOM"),
        ('{"a": 1', "delimiter"),
        (b"\xff\xfe", "Expecting value"),
    ],
)
def test_odd_json_is_a_value_error(text, says):
    with pytest.raises(ValueError, match=says):
        json_in(text)


def test_what_is_nested_as_deep_as_allowed_is_read():
    assert json_in("[" * DEEPEST + "]" * DEEPEST)


def test_brackets_in_texts_are_no_levels():
    assert json_in(f'["{"[" * 1000}"]') == ["[" * 1000]


def test_a_report_of_this_program_may_hold_numbers_that_are_not_finite():
    assert json_in('{"floor": Infinity}', finite=False) == {"floor": float("inf")}


def test_an_integer_beyond_what_python_reads_is_refused_or_infinite():
    text = f"[{'9' * 4300}, {'9' * 4301}, -{'9' * 4301}, 7]"
    with pytest.raises(ValueError, match="4300"):
        json_in(text)
    longest, *others = json_in(text, finite=False)
    assert (longest, others) == (10**4300 - 1, [float("inf"), float("-inf"), 7])
