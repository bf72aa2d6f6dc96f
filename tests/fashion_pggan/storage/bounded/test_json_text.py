"""JSON within limits."""

import pytest

from fashion_pggan.storage.bounded.json_text import DEEPEST, MOST_OBJECTS, json_in, objects_in


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


RESULT = '{"title": "%s", "link": "http://a/%d", "meta": {"a": [1, {"b": 2}]}}'


@pytest.mark.parametrize("title", ["a shirt", "{", "}", "{x} } {", r"\"quoted\" {", "new\nline\t"])
@pytest.mark.parametrize("damage", ['"sh"irt"', r'"\x"', "{", "[1, 2", '"open'])
def test_whole_objects_are_taken_from_damaged_text(title: str, damage: str) -> None:
    items = [RESULT % (title, i) for i in range(9)]
    items[4] = items[4].replace('"http://a/4"', f'"http://a/4", "more": {damage}')
    found = objects_in('{"total": 9, "items": [' + ", ".join(items) + "]}", "link")
    links = [each["link"] for each in found]
    assert links[:4] == [f"http://a/{i}" for i in range(4)]
    assert links[-4:] == [f"http://a/{i}" for i in range(5, 9)]


@pytest.mark.parametrize("cut", range(0, 700, 23))
def test_of_a_cut_text_the_objects_before_the_cut_are_whole(cut: int) -> None:
    text = '{"result": {"items": [' + ", ".join(RESULT % ("x", i) for i in range(9)) + "]}}"
    found = objects_in(text[:cut], "link")
    assert [each["link"] for each in found] == [
        f"http://a/{i}" for i in range(min(text[:cut].count("]}}"), 9))
    ]


@pytest.mark.parametrize("piece", ['{"a":', '{"a":[1,', "{", '{"link":1', '{"link":{"link":{}},', "[{"])
def test_a_hostile_text_costs_little(piece: str) -> None:
    assert len(objects_in(piece * (8 * 2**20 // len(piece)), "link")) <= MOST_OBJECTS
