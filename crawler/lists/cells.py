"""The rows of a CSV or TSV list: a quotation mark that nobody closed costs no other row."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from crawler.lists.decoded import Line
from crawler.lists.skipped import Skipped

MOST_LINES = 100  # of one row, whose cells may hold line breaks
SCHEMES = ("http://", "https://")
UNCLOSED = "a quotation mark that is not closed"
END = "end"


class Form(NamedTuple):
    """The form of a table."""

    columns: list[str]
    address: int  # the position of the column of addresses
    delimiter: str


def rows_of(lines: Iterator[Line], form: Form, skipped: Skipped) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a table after its header, each with the number of its first line."""
    waiting: deque[Line] = deque()
    while line := _following(waiting, lines):
        number, text = line
        if not text.strip(f" \r\n{form.delimiter}"):
            continue
        cells = _cells_in(text, form)
        if cells is None:
            cells = _over_lines(text, lines, waiting, form)
        if cells is None:
            skipped.mend(number, UNCLOSED)
            cells = plain_cells_of(text, form.delimiter)
        skipped.rows += 1
        if row := _row_of(cells, text, form):
            yield number, row
        else:
            skipped.add(number, "BAD_ROW", text.strip())


def cells_of(lines: Sequence[str], delimiter: str, **form: Any) -> list[str] | None:
    """The cells of a row; None when a quotation mark stays open, or a cell is too long.

    Args:
        lines: of the row.
        delimiter: between its cells.
        form: what else differs from RFC 4180, as `csv.reader` names it.
    """
    reader = csv.reader([*lines, END], delimiter=delimiter, **form)
    try:
        cells = next(reader)
    except csv.Error:
        return None
    return cells if reader.line_num == len(lines) else None


def plain_cells_of(text: str, delimiter: str) -> list[str]:
    """The cells of a line in which quotation marks mean nothing."""
    return text.rstrip("\r\n").split(delimiter)


def first_filled(columns: Iterable[str], cells: Iterable[Any]) -> dict[str, Any]:
    """Cells by column; of two columns with one name the first filled cell."""
    row: dict[str, Any] = {}
    for name, cell in zip(columns, cells, strict=False):
        row[name] = row.get(name) or cell
    return row


def holds_address(text: str) -> bool:
    """Whether a cell begins with an address."""
    return text.lstrip(' "').lower().startswith(SCHEMES)


def _cells_in(text: str, form: Form) -> list[str] | None:
    r"""The cells of a line; None when a quotation mark stays open.

    `\"` is a quotation mark in a cell where the line is no row by RFC 4180, which doubles them.
    """
    if '\\"' in text and cells_of([text], form.delimiter, strict=True) is None:
        cells = cells_of([text], form.delimiter, strict=True, doublequote=False, escapechar="\\")
        if cells is not None and len(cells) == len(form.columns):
            return cells
    return cells_of([text], form.delimiter)


def _over_lines(text: str, lines: Iterator[Line], waiting: "deque[Line]", form: Form) -> list[str] | None:
    """The cells of a row with line breaks; None, and its lines wait again, where it swallows addresses."""
    taken: list[Line] = []
    opened = text.rpartition('"')[2]  # what the open quotation mark takes of the first line
    swallows = any(map(holds_address, opened.split(form.delimiter)))
    while not swallows and len(taken) < MOST_LINES:
        following = _following(waiting, lines)
        if following is None:
            break
        taken.append(following)
        opened = following[1].partition('"')[0]
        swallows = _is_row(opened, form)
        if '"' in following[1] and not swallows:
            cells = cells_of([text, *(line for _, line in taken)], form.delimiter)
            if cells is not None and len(cells) == len(form.columns):
                return cells
            if cells is not None:
                break
    waiting.extendleft(reversed(taken))
    return None


def _is_row(text: str, form: Form) -> bool:
    """Whether a line is a row of its own; a title may hold a line that begins with an address."""
    cells = text.split(form.delimiter)
    return len(cells) >= min(2, len(form.columns)) and any(map(holds_address, cells[form.address :]))


def _row_of(cells: list[str], text: str, form: Form) -> dict[str, str] | None:
    """The row of some cells; a row with too many keeps its address."""
    if len(form.columns) == 1:
        return {form.columns[0]: cells[0] if len(cells) == 1 else text.strip(' "\r\n')}
    if len(cells) != len(form.columns):
        plain = plain_cells_of(text, form.delimiter)
        cells = plain if len(plain) == len(form.columns) else cells
    name, last = form.columns[form.address], form.address == len(form.columns) - 1
    has_address = len(cells) > form.address and holds_address(cells[form.address])
    if len(cells) <= len(form.columns) or (has_address and not last):
        return first_filled(form.columns, cells) if len(cells) > form.address else None
    at = next((at for at, cell in enumerate(cells) if holds_address(cell)), None)
    if at is None:
        return None
    return {name: form.delimiter.join(cells[at:]) if last else cells[at]}


def _following(waiting: "deque[Line]", lines: Iterator[Line]) -> Line | None:
    """The next line that waits, or a further one; None after the last."""
    return waiting.popleft() if waiting else next(lines, None)
