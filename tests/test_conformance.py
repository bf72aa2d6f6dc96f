"""What the pages claim is held by code and tests that exist."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
TESTS = REPOSITORY / "tests"
CITED_TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
FILE_AND_NAMES = re.compile(r"`([\w./-]+/[\w.-]+\.(?:py|yaml))`((?: `\w+`,?)*)")


def _rows(page: str) -> list[list[str]]:
    lines = (REPOSITORY / "docs" / page).read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [row for row in rows if row[-1] not in ("test", "where it is held")]


def _missing(cell: str) -> list[str]:
    """What a cell cites and is not there."""
    tests = CITED_TEST.findall(cell)
    absent = [f"{path}::{name}" for path, name in tests if f"def {name}(" not in _text(TESTS / path)]
    for path, names in FILE_AND_NAMES.findall(cell):
        text = _text(REPOSITORY / path)
        absent += [f"{path} {name}" for name in re.findall(r"\w+", names) if name not in text]
        absent += [] if text else [path]
    return absent


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


@pytest.mark.parametrize("page", ["conformance.md", "pains.md"])
def test_every_row_of_a_page_cites_code_and_tests_that_exist(page):
    rows = _rows(page)
    assert len(rows) > 25
    assert [(row[0], gone) for row in rows for gone in _missing(" ".join(row))] == []


def test_no_published_fact_is_without_code_and_test():
    for fact, code, test in _rows("conformance.md"):
        assert FILE_AND_NAMES.search(code), fact
        assert CITED_TEST.search(test), fact
