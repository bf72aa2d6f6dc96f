"""Text from elsewhere (names of files, titles, headers) where people read it: Markdown, CSV, a terminal."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

# What a terminal obeys or what turns the order of letters; line ends and tabs stay
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# What Markdown and HTML take for their own; an underscore within a word is none
MARKS = re.compile(
    r"[\\`*\[\]<>|~$#&]|(?<![0-9a-z])_|_(?![0-9a-z])|(?<=[a-z]):(?=//)|(?<=www)\.", re.IGNORECASE
)
FORMULAS = ("=", "+", "-", "@", "\t", "\n")  # with which a cell is one to a spreadsheet
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def printable(text: str) -> str:
    """Text for a terminal: control characters are written out as Python writes them."""
    return CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def markdown(text: str) -> str:
    """Text in a line or a cell of Markdown, where it stands for itself: no mark-up, no HTML, no link."""
    return MARKS.sub(lambda found: ENTITIES.get(found[0], f"\\{found[0]}"), _on_one_line(text))


def markdown_code(text: str) -> str:
    """Text as a piece of code in Markdown."""
    return f"`{_on_one_line(text).replace('`', chr(39)) or ' '}`"


def csv_of(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV. No cell of text is a formula to a spreadsheet: such text begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_cell(name) for name in names])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(FORMULAS) else text


def _on_one_line(text: str) -> str:
    return printable(" ".join(text.split()))
