"""Escapes untrusted text (names of files, titles, headers) for Markdown, CSV and terminals."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

# Characters that control a terminal, turn the order of letters or are no UTF-8; line ends and tabs stay
CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
# Characters with a meaning in Markdown or HTML; an underscore within a word has none
MARKS = re.compile(
    r"[\\`*\[\]<>|~$#&]|(?<![0-9a-z])_|_(?![0-9a-z])|(?<=[a-z]):(?=//)|(?<=www)\.", re.IGNORECASE
)
FORMULAS = tuple("=+-@\t\n\uff1d\uff0b\uff0d\uff20")  # with which a cell is one to a spreadsheet
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def printable(text: str) -> str:
    """Text for a terminal, with control characters escaped as in Python."""
    return CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def printable_line(text: str) -> str:
    """Text for one line of a terminal or a log, with control characters and line ends escaped."""
    return printable(text).replace("\n", "\\n")


def printable_lines(lines: Iterable[object]) -> str:
    """Text for a terminal of these lines, and no others: whatever comes from files stays on its line."""
    return "\n".join(printable_line(str(line)) for line in lines)


def on_page(value: object) -> object:
    """A value for a page in HTML: text without control characters; what is marked as HTML stays."""
    return printable(value) if type(value) is str else value


def markdown(text: str) -> str:
    """Text for a line or a cell of Markdown, escaped so that it makes no mark-up, HTML or link."""
    return MARKS.sub(lambda found: ENTITIES.get(found[0], f"\\{found[0]}"), _on_one_line(text))


def markdown_code(text: str) -> str:
    """Text as a piece of code in Markdown."""
    return f"`{_on_one_line(text).replace('`', chr(39)) or ' '}`"


def csv_of(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV. Text that a spreadsheet would run as a formula gets an apostrophe before it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([csv_cell(name) for name in names])
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return text.getvalue()


def csv_cell(value: object) -> object:
    """A value for a cell of CSV; text that is a formula, without apostrophes before it, gets one more."""
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.lstrip("'").startswith(FORMULAS) else text


def text_of_cell(cell: str) -> str:
    """The text of a cell that `csv_cell` has written: without the apostrophe before a formula."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULAS) else cell


def _on_one_line(text: str) -> str:
    return printable(" ".join(text.split()))
