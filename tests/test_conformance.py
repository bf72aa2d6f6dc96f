"""What the pages claim is held by code and tests that exist."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
REFERENCE = REPOSITORY / "docs/reference"
TESTS = REPOSITORY / "tests"
CITED_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
FILE_AND_NAMES = re.compile(r"`([\w./-]+/[\w.-]+\.(?:py|yaml))`((?: `\w+`,?)*)")
CITED_PAGE = re.compile(r"\]\((?!https?:)([^)#]+)")
TABLE_OF = re.compile(r"<!-- generated: fields ([\w.]+):(\w+) -->")
HEADS = ("test", "where it is held")


def _rows(page: str) -> list[list[str]]:
    lines = (REFERENCE / page).read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in rows if row[-1] not in HEADS and set(row[0]) != {"-"}]


def _missing(cell: str) -> list[str]:
    """What a cell cites and is not there."""
    tests = CITED_TEST.findall(cell)
    absent = [f"{path}::{name}" for path, name in tests if not _defines(TESTS / path, name)]
    for path, names in FILE_AND_NAMES.findall(cell):
        file = REPOSITORY / path
        absent += [path] * (not file.is_file())
        absent += [f"{path} {name}" for name in re.findall(r"\w+", names) if not _defines(file, name)]
    return absent + [page for page in CITED_PAGE.findall(cell) if not (REFERENCE / page).is_file()]


def _defines(path: Path, name: str) -> bool:
    """Whether a module has a function, a class or a value of this name; to mention it is not enough."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return bool(re.search(rf"^\s*(?:(?:def|class) {name}\b|{name}(?:: [^=\n]+)? = )", text, re.MULTILINE))


@pytest.mark.parametrize("page", ["conformance.md", "pains.md"])
def test_what_a_page_cites_exists(page):
    rows = _rows(page)
    assert len(rows) > 25
    assert [(row[0], gone) for row in rows for gone in _missing(" ".join(row))] == []


def test_no_published_fact_is_without_code_and_test():
    for fact, code, test in _rows("conformance.md"):
        assert FILE_AND_NAMES.search(code), fact
        assert CITED_TEST.search(test), fact


def test_every_pain_has_a_thread_an_answer_and_a_test_or_page():
    rows = _rows("pains.md")
    assert [row[0] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    for number, pain, answer, held in rows:
        assert re.search(r"\]\(https://github\.com/[\w.-]+/[\w.-]+/issues/\d+\)", pain), number
        assert answer, number
        assert CITED_TEST.search(held) or CITED_PAGE.search(held), number


def test_the_classes_of_generated_tables_exist():
    pages = sorted(REFERENCE.glob("*.md"))
    cited = [found for page in pages for found in TABLE_OF.findall(page.read_text(encoding="utf-8"))]
    assert len(cited) > 5
    gone = [(module, name) for module, name in cited if not _defines(_file_of(module), name)]
    assert gone == []


def _file_of(module: str) -> Path:
    return REPOSITORY.joinpath(*module.split(".")).with_suffix(".py")


def test_a_name_that_is_only_mentioned_is_not_defined(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("import other\n\n\ndef test_one():\n    other.call(test_two)\n\n\nLIMIT: int = 3\n")
    found = [name for name in ("test_one", "test_two", "test_on", "LIMIT") if _defines(module, name)]
    assert found == ["test_one", "LIMIT"]
    assert not _defines(tmp_path / "absent.py", "test_one")
