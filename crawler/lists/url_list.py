"""A list of URLs: lines of text, or a column of a CSV, TSV or Parquet file. It is read row by row."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from crawler.answer.failures import OF_CALLS
from crawler.lists.cells import Form, cells_of, first_filled, holds_address, plain_cells_of, rows_of
from crawler.lists.decoded import ODD, lines_of_list
from crawler.lists.skipped import Said, Skipped
from crawler.providers.api import LINK, Result, clean_title, number_of, text_of
from fashion_pggan.errors import UserError
from fashion_pggan.storage.escaped import text_of_cell
from fashion_pggan.storage.tables import open_table

URL_COLUMNS = ("url", "image_url")  # the first one present, in any case
TITLE_COLUMNS = ("title", "caption", "text")
SIZE_COLUMNS = (("width",), ("height",))
PAGE_COLUMNS = ("page", "source")  # that shows the image
LABEL_COLUMNS = ("label",)
OF_SKIPPED = ("line", "reason")  # columns of failed.csv: an earlier crawl could not have the row either
OF_FAILED = frozenset({"url", "title", "reason", "tries", "last_tried"})  # columns of failed.csv alone
ODD_LABEL = "a label with bytes that cannot be read (left out)"
OF_ROWS = frozenset({"NO_ADDRESS", "BAD_ADDRESS", "BAD_ROW", "ENCODING", "TOO_LONG"})  # reasons to skip a row
COLUMNS = (*URL_COLUMNS, *TITLE_COLUMNS, *PAGE_COLUMNS, *LABEL_COLUMNS, *chain(*SIZE_COLUMNS), *OF_SKIPPED)
DELIMITERS = {".csv": ",\t;", ".tsv": "\t,;"}  # the first one by which the header names a column url
AROUND = '\ufeff\u200b\u200c\u200d\u200e\u200f\u2060 <>"'  # an address: invisible letters, and brackets
SEPARATOR = re.compile(r"sep=.\s*")  # a first line by which Excel knows the delimiter

Row = tuple[int, dict[str, Any]]  # the line, or of a Parquet file the row, from 1; cells by column


@dataclass(frozen=True)
class Listed(Result):
    """An image of a list."""

    label: str = ""  # empty: none

    @property
    def said(self) -> Said:
        """What its row says."""
        return Said(self.title, self.label, self.source, self.width, self.height)


def read_urls(path: Path, skipped: Skipped) -> Iterator[Listed]:
    """Yield every URL of a list, in its order; the rank is the row, from 1.

    Args:
        path: `.csv`, `.tsv` and `.parquet` have the column `url` and, if any, `title` or `caption`, `width`,
            `height`, `label`, or those of LAION (`URL`, `TEXT`, `WIDTH`, `HEIGHT`); any other file has one
            URL on each line, or is a table with such a header.
        skipped: takes the rows that hold none.

    Raises:
        UserError: the file is missing, is not what its name says, or too many rows are skipped.
    """
    rows = _parquet_rows if path.suffix.lower() == ".parquet" else _text_rows
    try:
        for number, row in rows(path, skipped):
            if result := _result_of(row, number, skipped):
                yield result
    except FileNotFoundError:
        raise UserError(f"no list of URLs at {path}: name a file in crawl.url_list") from None
    except UserError:
        raise
    except (OSError, pa.ArrowException, ValueError) as error:
        raise UserError(
            f"{path} cannot be read as a list of URLs ({error}): give a text, CSV or Parquet file of URLs"
        ) from error


def _result_of(row: dict[str, Any], number: int, skipped: Skipped) -> Listed | None:
    link = text_of(_first(row, URL_COLUMNS), LINK).strip(AROUND)
    title = clean_title(text_of(_first(row, TITLE_COLUMNS)))
    width, height = (_size_of(_first(row, names)) for names in SIZE_COLUMNS)
    page = text_of(_first(row, PAGE_COLUMNS), LINK)
    label = text_of(_first(row, LABEL_COLUMNS))
    if ODD in label:
        skipped.mend(number, ODD_LABEL)
        label = ""
    if _was_skipped(row):
        skipped.before.add(number)
    result = Listed(number - skipped.header, title, link, width, height, page, label)
    if not link or ODD in link:
        skipped.add(number, "ENCODING" if link else "NO_ADDRESS", link, result.said)
        return None
    return result


def _was_skipped(row: dict[str, Any]) -> bool:
    """Whether a row is one that failed.csv names without an image: skipped, or a search call."""
    reason, line = text_of(row.get("reason")), str(row.get("line") or "")
    return reason in OF_CALLS or (reason in OF_ROWS and line.isdecimal())


def _size_of(value: Any) -> int | None:
    """A number of pixels; tables with gaps write it as `500.0`."""
    try:
        return number_of(int(float(value))) or None
    except (TypeError, ValueError, OverflowError):
        return None


def _first(row: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((row[name] for name in names if row.get(name)), None)


def _text_rows(path: Path, skipped: Skipped) -> Iterator[Row]:
    """The rows of a table where the first line is a header, else the lines."""
    lines = lines_of_list(path, skipped)
    first = next((line for line in lines if line[1].strip() and not SEPARATOR.fullmatch(line[1])), None)
    if first is None:
        return
    if form := _form_of(path, first[1]):
        if holds_address(first[1]):
            lines = chain([first], lines)
        else:
            skipped.header = first[0]
        is_escaped = OF_FAILED.issubset(form.columns)
        for number, row in rows_of(lines, form, skipped):
            yield number, {name: text_of_cell(cell) for name, cell in row.items()} if is_escaped else row
        return
    for number, text in chain([first], lines):
        for part in filter(str.strip, text.splitlines()):  # an address holds no U+2028 or U+0085 either
            skipped.rows += 1
            yield number, {"url": part}


def _form_of(path: Path, header: str) -> Form | None:
    """The form of a table by its header; None for a list with an address on each line.

    Raises:
        UserError: it is a table by its name, and has no column of addresses.
    """
    is_table = path.suffix.lower() in DELIMITERS
    known = DELIMITERS.get(path.suffix.lower(), "\t,;")
    for delimiter in known:
        columns = _names_of(cells_of([header], delimiter) or plain_cells_of(header, delimiter))
        if (name := _first_in(columns)) and (is_table or len(columns) > 1):
            title = next((columns.index(title) for title in TITLE_COLUMNS if title in columns), None)
            return Form(columns, columns.index(name), delimiter, title)
    if is_table and holds_address(header):
        if len(cells_of([header], known[0]) or [header]) == 1:
            return Form([URL_COLUMNS[0]], 0, known[0])
        raise UserError(f"{path} has no header: add a first line that names its columns, such as url,title")
    if is_table:
        raise _without_column(path, header.rstrip("\r\n").split(known[0]))
    return None


def _parquet_rows(path: Path, skipped: Skipped) -> Iterator[Row]:
    with open_table(path, foreign=True) as file:
        wanted = [name for name in file.names if name.strip().casefold() in COLUMNS]
        if not _first_in(_names_of(wanted)):
            raise _without_column(path, file.names)
        number = 0
        for batch in file.batches(wanted):
            names = _names_of(batch.schema.names)
            for values in zip(*map(_values_of, batch.columns), strict=True):
                number += 1
                skipped.rows += 1
                yield number, first_filled(names, values)


def _values_of(column: pa.Array) -> list[Any]:
    """The values of a column; bytes are text, whose odd ones are replaced."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = column.cast(pa.large_binary())  # a writer may have put any bytes there
    values = column.to_pylist()
    return [value.decode(errors="replace") if isinstance(value, bytes) else value for value in values]


def _names_of(columns: Iterable[str]) -> list[str]:
    return [name.strip().casefold() for name in columns]


def _first_in(columns: list[str]) -> str:
    return next((name for name in URL_COLUMNS if name in columns), "")


def _without_column(path: Path, columns: list[str]) -> UserError:
    names = ", ".join(columns)[:200]
    return UserError(f"{path} has no column url (it has {names}): rename the column of URLs to url")
