"""A person's answers to the datasheet's questions: in a file outside the dataset, or in the datasheet."""

import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from hashlib import sha256
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML

from curate.report.questions import OPEN, QUESTIONS
from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.bounded.yaml_text import values_in
from fashion_pggan.storage.files import write_text
from fashion_pggan.storage.proof.folder_mark import written_in

ANY_QUESTION = "|".join(re.escape(question) for asked in QUESTIONS.values() for question in asked)
# a question's line up to its end, and what follows up to the next question or section
ASKED = re.compile(
    rf"^(?P<before>[^\n]*?)(?P<question>{ANY_QUESTION})(?P<answer>.*?)(?=^[^\n]*?(?:{ANY_QUESTION})|^#|\Z)",
    re.MULTILINE | re.DOTALL,
)
BEFORE = {f"> {OPEN} ", "> **", "> ", "**", ""}  # a question, as it was written or as a person left it
QUOTATION = re.compile(r"^[>\s]+", re.MULTILINE)

log = logging.getLogger(__name__)


def read_answers(path: Path) -> dict[str, str]:
    """The answers by question; none where there is no file. A question without an answer stays open.

    Raises:
        UserError: it is not a YAML mapping of questions and answers.
    """
    if not os.path.lexists(path):
        return {}
    found = values_in(read_text(path), str(path)) or {}
    if not isinstance(found, dict) or not all(
        isinstance(question, str) and isinstance(answer, str | None) for question, answer in found.items()
    ):
        raise UserError(
            f"{path} is not a list of answers: write each question of datasheet.md with its answer"
        )
    return {question: answer for question, answer in found.items() if answer}


def answered(datasheet: str, answers: Mapping[str, str]) -> str:
    """The datasheet with answers in it.

    Raises:
        UserError: it does not ask such a question.
    """
    for question, answer in answers.items():
        asked = f"> {OPEN} {question}\n"
        if asked not in datasheet:
            raise UserError(f"the datasheet does not ask {question!r}: copy the question from datasheet.md")
        datasheet = datasheet.replace(asked, _line(question, answer))
    return datasheet


def take_over(datasheet: Path, file: Path | None) -> dict[str, str]:
    """The answers in a file, and those that a person wrote into a datasheet, which are added to the file.

    Args:
        datasheet: of a dataset that will be replaced; may be missing.
        file: of answers; may be missing.

    Raises:
        UserError: the datasheet has other changes, which would be lost.
    """
    given = read_answers(file) if file else {}
    new = answers_in(datasheet, given)
    for question in new.keys() & given.keys():
        log.info("%s: the answer in %s replaces that in %s", question, datasheet, file)
    if file and new:
        _add(file, new)
        log.info("%s: answers added from %s: %s", file, datasheet, " ".join(new))
    return given | new


def answers_in(datasheet: Path, given: Mapping[str, str]) -> dict[str, str]:
    """What a person answered in a datasheet since it was written; nothing where there is none.

    Args:
        datasheet: its path.
        given: answers in the file now.

    Raises:
        UserError: it has changes besides answers.
    """
    try:
        written = written_in(datasheet.parent).files[datasheet.name]
    except (OSError, ValueError, KeyError):  # no dataset of this version: the target's check tells
        return {}
    text = read_text(datasheet).replace("\r\n", "\n")
    for original, answers in _originals(text, given):
        if sha256(original.encode()).hexdigest() == written:
            return answers
    raise UserError(
        f"{datasheet} has changed, not only by answers to its questions: move it away, or undo the rest"
    )


def _originals(text: str, given: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """What the text of a datasheet may have been before a person answered in it, with their answers.

    A question in the form of an answered one may be as it was written, answered from the file or open.
    """
    yield text, {}
    ways: list[Callable[[re.Match[str]], str]] = [
        lambda match: match[0],
        lambda match: _line(match["question"], given.get(match["question"], "")),
        lambda match: "",
    ]
    for unchanged in ways:
        answers: dict[str, str] = {}
        yield ASKED.sub(partial(_as_written, unchanged=unchanged, answers=answers), text), answers


def _line(question: str, answer: str) -> str:
    """A question with its answer, empty when there is none."""
    return f"> **{question}** {' '.join(answer.split())}\n" if answer else ""


def _as_written(
    match: re.Match[str], unchanged: Callable[[re.Match[str]], str], answers: dict[str, str]
) -> str:
    question = match["question"]
    said = QUOTATION.sub("", match["answer"].removeprefix("**")).strip()
    line = f"> {OPEN} {question}\n"
    if match["before"] == "> **" and match["answer"].startswith("** "):
        line = unchanged(match) or line
    if line == match[0] or match["before"] not in BEFORE:
        return match[0]
    rest = match.string[match.end() : match.end() + 1]
    whole = line + {"": "", "#": "\n"}.get(rest, ">\n")
    if said and whole != match[0]:
        answers[question] = said
    return whole


def _add(file: Path, answers: Mapping[str, str]) -> None:
    """Add answers to the file; its comments and other answers stay."""
    text = read_text(file) if file.is_file() else ""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 2**16  # long lines stay as they are
    values = yaml.load(text)
    above = text if values is None else ""  # comments alone
    values = {} if values is None else values
    values.update(answers)
    out = StringIO()
    yaml.dump(values, out)
    write_text(file, above + out.getvalue())
