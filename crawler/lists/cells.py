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
TOO_MANY = "more cells than columns ({})"
END = "end"


class Form(NamedTuple):
    """The form of a table."""

    columns: list[str]
    address: int  # the position of the column of addresses
    delimiter: str
    title: int | None = None  # the position of the column of titles


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
        fitted, how = _fitted(cells, text, form)
        if how:
            skipped.mend(number, TOO_MANY.format(how))
        if row := _row_of(fitted, text, form):
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
    """The row of some cells; None without one for the address."""
    if len(form.columns) == 1:
        return {form.columns[0]: cells[0] if len(cells) == 1 else text.strip(' "\r\n')}
    return first_filled(form.columns, cells) if len(cells) > form.address else None


def _fitted(cells: list[str], text: str, form: Form) -> tuple[list[str], str]:
    """The cells of a row, no more than there are columns, and what was done to that end.

    A delimiter in a title splits it, and so it may split an address in the last column.
    """
    columns = len(form.columns)
    if columns > 1 and len(cells) != columns:
        plain = plain_cells_of(text, form.delimiter)
        cells = plain if len(plain) == columns else cells
    while len(cells) > columns and not cells[-1].strip():
        cells = cells[:-1]
    surplus = len(cells) - columns
    if columns == 1 or surplus <= 0:
        return cells, ""
    inside = range(form.address, form.address + surplus + 1)
    at = next((at for at in (*inside, *range(len(cells))) if holds_address(cells[at])), None)
    if at is None:
        return [], ""
    if at not in inside:
        return [*[""] * form.address, cells[at]], "the address alone is read"
    before, how = _joined(cells[:at], form.address, form.title, form.delimiter)
    if form.address == columns - 1:
        return [*before, form.delimiter.join(cells[at:])], how or "they are the address's"
    title = None if form.title is None else form.title - form.address - 1
    after, also = _joined(cells[at + 1 :], columns - form.address - 1, title, form.delimiter)
    return [*before, cells[at], *after], how or also


def _joined(cells: list[str], number: int, title: int | None, delimiter: str) -> tuple[list[str], str]:
    """So many cells of those beside an address, and how: the title's pieces are one, or all are left out."""
    surplus = len(cells) - number
    if not surplus:
        return cells, ""
    if title is None or not 0 <= title < number:
        return [""] * number, "no title takes them: those beside the address are left out"
    end = title + surplus + 1
    return [*cells[:title], delimiter.join(cells[title:end]), *cells[end:]], "they are the title's"


def _following(waiting: "deque[Line]", lines: Iterator[Line]) -> Line | None:
    """The next line that waits, or a further one; None after the last."""
    return waiting.popleft() if waiting else next(lines, None)
