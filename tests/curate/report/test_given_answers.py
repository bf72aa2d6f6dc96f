"""A person's answers outlive the dataset."""

from pathlib import Path

import pytest

from curate.report.given_answers import answered, read_answers, take_over
from curate.report.questions import OPEN, QUESTIONS, asked
from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.yaml_text import values_in
from fashion_pggan.storage.proof.folder_mark import MARK, text_of_mark

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


def test_the_shipped_file_asks_what_the_datasheet_asks() -> None:
    shipped = values_in((REPOSITORY / "datasheet.yaml").read_text(), "datasheet.yaml")
    assert list(shipped) == [question for section in QUESTIONS.values() for question in section]


WHO, PURPOSE = "Who maintains it, and how are they reached?", "For what purpose was the dataset created?"


def write_sheet(folder: Path, answers: dict[str, str]) -> Path:
    """A datasheet as a run leaves it."""
    folder.mkdir(exist_ok=True)
    sections = "".join(f"\n## {name}\n\n- A fact.\n\n{asked(name)}" for name in QUESTIONS)
    (folder / "datasheet.md").write_text(answered(f"# Datasheet\n{sections}", answers))
    (folder / MARK).write_text(text_of_mark("a dataset", folder, ["datasheet.md"]))
    return folder / "datasheet.md"


def edit(sheet: Path, old: str, new: str) -> None:
    assert old in sheet.read_text()
    sheet.write_text(sheet.read_text().replace(old, new))


@pytest.mark.parametrize(
    "written",
    [
        f"> {OPEN} {WHO} Kim,\n> and Lee\n>\n",
        f"> {OPEN} {WHO}\n>\n\nKim,\nand Lee\n\n",
        f"{WHO}\nKim, and Lee\n",
        f"> **{WHO}** Kim, and Lee\n>\n",
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_what_a_person_wrote_into_the_datasheet_is_added_to_the_file(
    tmp_path: Path, written: str, ends: str
) -> None:
    sheet, file = write_sheet(tmp_path / "data", {PURPOSE: "To learn"}), tmp_path / "datasheet.yaml"
    file.write_text(f'# mine\n"{PURPOSE}": "To learn"\n')
    assert take_over(sheet, file) == {PURPOSE: "To learn"}
    edit(sheet, f"> {OPEN} {WHO}\n>\n", written)
    sheet.write_bytes(sheet.read_text().replace("\n", ends).encode())
    answers = {question: " ".join(answer.split()) for question, answer in take_over(sheet, file).items()}
    assert answers == {PURPOSE: "To learn", WHO: "Kim, and Lee"}
    assert file.read_text().startswith(f'# mine\n"{PURPOSE}": "To learn"\n')
    assert read_answers(file).keys() == answers.keys()
    assert take_over(write_sheet(tmp_path / "data", answers), file) == read_answers(file)


def test_an_answer_changed_in_the_datasheet_replaces_the_one_in_the_file(tmp_path: Path) -> None:
    sheet, file = write_sheet(tmp_path / "data", {WHO: "Kim"}), tmp_path / "datasheet.yaml"
    file.write_text(f'"{WHO}": Kim\n')
    edit(sheet, "Kim", "Lee")
    assert take_over(sheet, file) == read_answers(file) == {WHO: "Lee"}


def test_an_answer_removed_from_the_file_does_not_come_back(tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "data", {WHO: "Kim"})
    assert take_over(sheet, tmp_path / "datasheet.yaml") == {}


def test_comments_alone_stay_above_the_first_answer(tmp_path: Path) -> None:
    sheet, file = write_sheet(tmp_path / "data", {}), tmp_path / "datasheet.yaml"
    file.write_text("# mine\n")
    edit(sheet, WHO, f"{WHO} Kim: 'I'")
    assert take_over(sheet, file) == {WHO: "Kim: 'I'"}
    assert file.read_text().startswith("# mine\n")


@pytest.mark.parametrize(("old", "new"), [("- A fact.", "- Another."), (f"> {OPEN} {WHO}", f"> Kim. {WHO}")])
def test_other_changes_are_not_lost(tmp_path: Path, old: str, new: str) -> None:
    sheet = write_sheet(tmp_path / "data", {})
    edit(sheet, old, new)
    with pytest.raises(
        UserError, match=r"datasheet\.md has changed, not only by answers to its questions: move"
    ):
        take_over(sheet, None)
