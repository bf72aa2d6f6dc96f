import hashlib

import pytest

from fashion_pggan import program
from fashion_pggan.program import hash_of, meaning_of, program_of

MODULE = '"""What it is."""\n\nLIMIT = 3\n\n\ndef double(x):\n    """Twice."""\n    return 2 * x  # exact\n'


@pytest.fixture
def name_of(tmp_path, monkeypatch):
    """The name of a program of one module, and of an array beside it."""
    monkeypatch.setattr(program, "REPOSITORY", tmp_path)
    (tmp_path / "shop" / "inner").mkdir(parents=True)

    def named(text=MODULE, array=b"1", inner=""):
        (tmp_path / "shop" / "module.py").write_text(text)
        (tmp_path / "shop" / "weights.npy").write_bytes(array)
        (tmp_path / "shop" / "inner" / "deep.py").write_text(inner)
        program._content_of.cache_clear()
        return program_of("shop")

    yield named
    program._content_of.cache_clear()


@pytest.mark.parametrize(
    "text",
    [
        MODULE.replace("# exact", "# exactly"),
        MODULE.replace("What it is.", "A module."),
        MODULE.replace('    """Twice."""\n', ""),
        MODULE.replace("LIMIT = 3", "LIMIT = (\n    3\n)  # of them"),
        MODULE + "\n\n",
    ],
)
def test_comments_docstrings_and_layout_change_no_program(name_of, text):
    assert text != MODULE
    assert name_of(text) == name_of()


@pytest.mark.parametrize(
    "changed",
    [
        {"text": MODULE.replace("LIMIT = 3", "LIMIT = 4")},
        {"text": MODULE.replace("LIMIT = 3", "LIMIT = 3.0")},
        {"text": MODULE.replace("2 * x", "x * 2")},
        {"text": MODULE.replace("(x)", "(x, y=None)")},
        {"array": b"2"},
        {"inner": "ONE = 1\n"},
    ],
)
def test_a_number_an_array_or_a_module_further_down_changes_the_program(name_of, changed):
    assert name_of(**changed) != name_of()


def test_what_python_and_editors_leave_beside_modules_is_no_program(name_of, tmp_path):
    before = name_of()
    (tmp_path / "shop" / "__pycache__").mkdir()
    (tmp_path / "shop" / "__pycache__" / "module.pyc").write_bytes(b"other")
    (tmp_path / "shop" / ".module.py.swp").write_bytes(b"of an editor")
    assert name_of() == before


def test_a_string_counts_where_it_is_a_value_and_not_where_it_is_a_remark():
    assert meaning_of("a.py", b"x = 'said'\n") != meaning_of("a.py", b"x = 'told'\n")
    assert meaning_of("a.py", b"x = 1\n'said'\n") == meaning_of("a.py", b"x = 1\n'told'\n")


def test_the_name_of_a_program_is_the_same_on_every_python():
    """Pythons differ in the empty fields of a tree, and in the characters that `repr` escapes."""
    newest = chr(0x1FAE9)  # a character of Unicode 16
    source = f"def f(x, *, y=None):\n    return {{**x, 'a': f'{{x!r:>{{y}}}} {newest}'}}\n"
    assert hashlib.sha256(meaning_of("a.py", source.encode())).hexdigest()[:16] == "df2d587b7308039e"


def test_the_order_of_packages_does_not_matter_and_each_counts():
    assert program_of("train.model", "train.step") == program_of("train.step", "train.model", "train.step")
    assert program_of("train.model") != program_of("train.step")


def test_a_name_that_is_no_folder_is_refused():
    with pytest.raises(ValueError, match=r"train\.absent is no folder of the program"):
        program_of("train.absent")


def test_equal_values_have_equal_names():
    assert hash_of({"a": 1, "b": 2}) == hash_of({"b": 2, "a": 1}) != hash_of({"a": 1, "b": 3})
