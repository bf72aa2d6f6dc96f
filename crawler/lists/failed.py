"""failed.csv: what a crawl could not have: images, search calls, and skipped rows of a list."""

import csv
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from crawler.lists.skipped import Said, SkippedRow
from crawler.network.addresses import as_linked, canonical_url
from fashion_pggan.storage.bounded.plain_file import text_lines_in
from fashion_pggan.storage.escaped import csv_of, text_of_cell
from fashion_pggan.storage.files import write_text
from fashion_pggan.storage.outputs import check_output

FAILED = "failed.csv"  # below the store; its column url makes it a list to crawl
QUICK = "failed-quick.csv"  # of a crawl by `-a query` or `-a max`
KNOWN_BY = ("url", "title", "reason", "tries")  # columns of each version


class Failed(NamedTuple):
    """A row: what failed, and why."""

    url: str  # as linked, since a host may have signed its letters; of a skipped row its text
    title: str  # of a search call what it asked for
    reason: str
    status: str = ""  # of HTTP; empty without an answer
    tries: str = ""  # runs that tried it; empty: it was not requested
    host: str = ""
    last_tried: str = ""  # UTC, ISO 8601
    line: str = ""  # of the list, for a skipped row; of a search result its rank
    label: str = ""
    page: str = ""  # that shows the image
    width: int | None = None  # pixels, as the list or the search says
    height: int | None = None
    not_before: str = ""  # when its host wants to be asked again: UTC, ISO 8601


def failed_of(
    link: str, said: Said, reason: str, tries: int, last_tried: str, not_before: str = ""
) -> Failed:
    """The row of an image."""
    status = reason.removeprefix("HTTP_") if reason.startswith("HTTP_") else ""
    host = urlsplit(canonical_url(link)).netloc  # of the image inside a thumbnail
    row = Failed(as_linked(link), said.title, reason, status, str(tries), host, last_tried)
    return row._replace(**said._asdict(), not_before=not_before)


def failed_of_skipped(row: SkippedRow) -> Failed:
    """The row of a skipped row of a list."""
    return Failed(row.text, reason=row.reason, line=str(row.line), **row.said._asdict())


def check_failed(file: Path) -> None:
    """Make sure that writing the file replaces none of the user's, neither now nor later.

    Raises:
        UserError: another file has its name.
    """
    check_output(file, KNOWN_BY)


def write_failed(file: Path, rows: Iterable[Failed]) -> None:
    """Replace the file of the crawl before.

    Raises:
        UserError: another file has its name.
    """
    check_failed(file)
    write_text(file, csv_of(Failed._fields, rows))


def failed_in(store: Path) -> list[Path]:
    """The files of this kind that a store has."""
    return [file for name in (FAILED, QUICK) if (file := store / name).exists()]


def forget_failed(store: Path, forbid: Callable[[str], bool]) -> None:
    """Remove rows whose address has a tombstone."""
    for file in failed_in(store):
        rows = [list(map(text_of_cell, row)) for row in csv.reader(text_lines_in(file))][1:]
        write_text(file, csv_of(Failed._fields, [row for row in rows if not _is_of(row, forbid)]))


def _is_of(row: list[str], forbid: Callable[[str], bool]) -> bool:
    try:
        return bool(row) and forbid(canonical_url(row[0]))
    except ValueError:
        return False
