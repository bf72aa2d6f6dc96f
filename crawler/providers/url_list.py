"""A list of URLs in place of a search: lines of text, or a column of a CSV, TSV or Parquet file."""

import csv
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from crawler.providers.api import LINK, Result, clean_title, number_of, text_of
from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.plain_file import text_lines_in
from fashion_pggan.storage.tables import open_table

URL_COLUMNS = ("url", "URL", "image_url")  # the first one present
TITLE_COLUMNS = ("title", "caption", "TEXT", "text")
SIZE_COLUMNS = (("width", "WIDTH"), ("height", "HEIGHT"))


def read_urls(path: Path) -> Iterator[Result]:
    """Yield every URL of a list, in its order; the rank is the row, from 1.

    Args:
        path: `.csv`, `.tsv` and `.parquet` have the column `url` and, if any, `title` or `caption`, `width`,
            `height`, or those of LAION (`URL`, `TEXT`, `WIDTH`, `HEIGHT`); any other file has one URL
            on each line.

    Raises:
        UserError: the file is missing, or is not what its name says.
    """
    kinds: dict[str, Callable[[Path], Iterator[dict[str, Any]]]] = {
        ".csv": _csv_rows,
        ".tsv": partial(_csv_rows, delimiter="\t"),
        ".parquet": _parquet_rows,
    }
    rows = kinds.get(path.suffix.lower(), _text_rows)
    try:
        for rank, row in enumerate(rows(path), 1):
            if result := _result_of(row, rank):
                yield result
    except FileNotFoundError:
        raise UserError(f"no list of URLs at {path}: name a file in crawl.url_list") from None
    except UserError:
        raise
    except (OSError, csv.Error, pa.ArrowException, ValueError) as error:
        raise UserError(
            f"{path} cannot be read as a list of URLs ({error}): give a text, CSV or Parquet file of URLs"
        ) from error


def _result_of(row: dict[str, Any], rank: int) -> Result | None:
    link = text_of(_first(row, URL_COLUMNS), LINK)
    if not link:
        return None
    title = clean_title(text_of(_first(row, TITLE_COLUMNS)))
    width, height = (_size_of(_first(row, names)) for names in SIZE_COLUMNS)
    return Result(rank, title, link, width, height)


def _size_of(value: Any) -> int | None:
    """A number of pixels; tables with gaps write it as `500.0`."""
    try:
        return number_of(int(float(value))) or None
    except (TypeError, ValueError, OverflowError):
        return None


def _first(row: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((row[name] for name in names if row.get(name)), None)


def _text_rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in text_lines_in(path):
        yield {"url": line}


def _csv_rows(path: Path, delimiter: str = ",") -> Iterator[dict[str, Any]]:
    reader = csv.DictReader(text_lines_in(path), delimiter=delimiter)
    _check_columns(path, list(reader.fieldnames or ()))
    yield from reader


def _parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    with open_table(path, foreign=True) as file:
        columns = file.names
        _check_columns(path, columns)
        known = (*URL_COLUMNS, *TITLE_COLUMNS, *chain(*SIZE_COLUMNS))
        wanted = [name for name in known if name in columns]
        for batch in file.batches(wanted):
            yield from batch.to_pylist()


def _check_columns(path: Path, columns: list[str]) -> None:
    if not set(columns) & set(URL_COLUMNS):
        raise UserError(
            f"{path} has no column url (it has {', '.join(columns)[:200]}): rename the column of URLs to url"
        )
