"""YAML that was made to hurt: each is one line that names the file, in little time and memory."""

import tracemalloc
from pathlib import Path

import pytest

from fashion_pggan.errors import UserError
from fashion_pggan.params.reading import parse_params
from fashion_pggan.storage.bounded.yaml_text import LONGEST, values_in

REPOSITORY = Path(__file__).parents[4]
NAMES = list(zip("abcdefgh", "bcdefghi", strict=True))
LAUGHS = "a: &a [x, x]\n" + "".join(f"{new}: &{new} [{f'*{old},' * 9}]\n" for old, new in NAMES)
MERGES = "a: &a {k: 1}\n" + "".join(f"{new}: &{new} {{<<: [{f'*{old},' * 9}]}}\n" for old, new in NAMES)
BOMBS = {
    "laughs": (LAUGHS, "line 5 is not YAML: more than 20,000 values"),
    "merges": (MERGES, "more than 20,000 values"),
    "itself": ("&a [*a]", "more than 20,000 values"),
    "its own value": ("&a {x: *a}", "more than 20,000 values"),
    "deep list": ("[" * 5000, "nested deeper than 32 levels"),
    "deep mapping": ("{a: " * 5000, "nested deeper than 32 levels"),
    "deep block": ("- " * 5000, "nested deeper than 32 levels"),
    "deep key": ("? " * 5000, "nested deeper than 32 levels"),
    "long": ("#" * (LONGEST + 1), "more than 262,144"),
    "digits": ("a: " + "1" * 5000, "line 1 is not YAML: Exceeds the limit"),
    "hexadecimal": ("a: 0x" + "f" * 5000, "a number beyond 64 bits"),
    "large": ("a: 1" + "0" * 400, "a number beyond 64 bits"),
    "date": ("\na: 2001-13-45", "line 2 is not YAML: month must be in 1..12"),
    "zone": ("a: 2001-12-14t21:59:43-99:99", "line 1 is not YAML: offset must be"),
    "tag": ("!!python/object/apply:os.system ['id']", "could not determine a constructor"),
    "truth": ("a: !!bool foo", "line 1 is not YAML"),
    "no number": ("a: !!int ''", "line 1 is not YAML"),
    "no time": ("a: !!timestamp foo", "line 1 is not YAML"),
    "NUL": ("a\0b", "unacceptable character"),
    "no character": ('"\\U00110000"', "is not YAML"),
    "list as key": ("? [a, b]\n: 1", "found unhashable key"),
}


@pytest.mark.parametrize("kind", list(BOMBS))
def test_odd_yaml_is_refused_in_one_line_within_little_memory(kind):
    text, says = BOMBS[kind]
    tracemalloc.start()
    with pytest.raises(UserError, match=says) as raised:
        values_in(text, "odd.yaml")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(raised.value).startswith("odd.yaml")
    assert len(str(raised.value).splitlines()) == 1
    assert len(str(raised.value)) < 400
    assert peak < 32 << 20


def test_usual_aliases_merges_and_numbers_are_read():
    text = "\ufeffa: &a {x: 1_000, y: 0x10}\nb: {<<: *a, y: 2}\nc: [*a, *a]\n~: 2001-12-05"
    found = values_in(text, "usual.yaml")
    assert found["b"] == {"x": 1000, "y": 2}
    assert found["c"] == [{"x": 1000, "y": 16}] * 2


def test_as_many_values_as_allowed_are_read(monkeypatch):
    monkeypatch.setattr("fashion_pggan.storage.bounded.yaml_text.MOST_NODES", 100)
    assert len(values_in("[" + "1," * 99 + "]", "many.yaml")) == 99
    with pytest.raises(UserError, match="more than 100 values"):
        values_in("[" + "1," * 100 + "]", "many.yaml")


@pytest.mark.parametrize(
    "value",
    [
        ".nan",
        ".inf",
        "1.0e+999",
        "!!set {a, b}",
        "!!omap [a: 1]",
        "{~: 1}",
        "[{2001-01-01: 1}]",
        "!!binary aa==",
    ],
)
def test_a_value_of_an_odd_kind_is_named_as_any_wrong_value(value):
    text = (REPOSITORY / "params.yaml").read_text(encoding="utf-8")
    with pytest.raises(UserError, match=r"^odd: train.total_kimg.*: give a") as raised:
        parse_params(text.replace("total_kimg:", f"total_kimg: {value} #", 1), "odd")
    assert len(str(raised.value).splitlines()) == 1


def test_of_many_mistakes_the_first_are_named():
    with pytest.raises(UserError, match=r"and \d+ more$") as raised:
        parse_params("".join(f"{'key' * 300}{number}: 1\n" for number in range(100)), "many")
    assert len(str(raised.value)) < 4000
