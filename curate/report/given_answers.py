"""A person's answers to the datasheet's questions, in a file outside the dataset."""

from collections.abc import Mapping
from pathlib import Path

from curate.report.datasheet import OPEN
from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.bounded.yaml_text import values_in


def read_answers(path: Path) -> dict[str, str]:
    """The answers by question; none where there is no file.

    Raises:
        UserError: it is not a YAML mapping of questions and answers.
    """
    if not path.is_file():
        return {}
    found = values_in(read_text(path), str(path)) or {}
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in (*found, *found.values())):
        raise UserError(
            f"{path} is not a list of answers: write each question of datasheet.md with its answer"
        )
    return found


def answered(datasheet: str, answers: Mapping[str, str]) -> str:
    """The datasheet with answers in it.

    Raises:
        UserError: it does not ask such a question.
    """
    for question, answer in answers.items():
        asked = f"> {OPEN} {question}\n"
        if asked not in datasheet:
            raise UserError(f"the datasheet does not ask {question!r}: copy the question from datasheet.md")
        datasheet = datasheet.replace(asked, f"> **{question}** {' '.join(answer.split())}\n")
    return datasheet
