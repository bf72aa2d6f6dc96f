"""A person's answers outlive the dataset."""

from pathlib import Path

import pytest

from curate.report.datasheet import OPEN
from curate.report.given_answers import answered, read_answers
from fashion_pggan.errors import UserError

REPOSITORY = Path(__file__).parents[3]
SHEET = f"# Datasheet\n\n> {OPEN} Who made it?\n>\n> {OPEN} For whom?\n"


def test_answers_stand_beside_their_questions(tmp_path: Path) -> None:
    (tmp_path / "datasheet.yaml").write_text('"Who made it?": |\n  Kim,\n  and Lee\n')
    answers = read_answers(tmp_path / "datasheet.yaml")
    assert (
        answered(SHEET, answers) == f"# Datasheet\n\n> **Who made it?** Kim, and Lee\n>\n> {OPEN} For whom?\n"
    )


def test_without_answers_the_questions_stay(tmp_path: Path) -> None:
    assert read_answers(tmp_path / "nowhere.yaml") == read_answers(REPOSITORY / "datasheet.yaml") == {}
    assert answered(SHEET, {}) == SHEET


@pytest.mark.parametrize("text", ["- a list", "word", "question: [1]", "1: answer"])
def test_what_holds_no_answers_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(UserError, match=r"a\.yaml is not a list of answers: write each question"):
        read_answers(tmp_path / "a.yaml")
    (tmp_path / "a.yaml").write_text("a: [")
    with pytest.raises(UserError, match=r"a\.yaml.* is not YAML"):
        read_answers(tmp_path / "a.yaml")


def test_an_answer_to_no_question_is_named() -> None:
    with pytest.raises(UserError, match=r"does not ask 'Who made them\?': copy the question"):
        answered(SHEET, {"Who made them?": "Kim"})
