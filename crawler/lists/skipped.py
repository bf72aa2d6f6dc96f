"""The rows of a list that are skipped: counted by reason, the first ones named, and no more than a share."""

import logging
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from crawler.answer.plural import many
from fashion_pggan.errors import UserError

NAMED = 10_000  # rows that are named; the others are only counted
SAID = 3  # rows that a message names
TEXT = 300  # characters of a row that are kept
CUT = "cut: "  # before a text that was longer: a part of an address is none
EARLY = 1000  # rows after which a list may be refused before its end

log = logging.getLogger(__name__)


class Said(NamedTuple):
    """What a row, or a search result, says of its image."""

    title: str = ""
    label: str = ""
    page: str = ""  # that shows the image
    width: int | None = None  # pixels
    height: int | None = None


NOTHING = Said()


class SkippedRow(NamedTuple):
    """A row without an address that can be requested."""

    line: int  # in the file, from 1; of a Parquet file the row; of a search result its rank
    reason: str
    text: str  # its address; of a longer one `cut: ` and its beginning
    said: Said


def skipped_row(line: int, reason: str, text: str, said: Said) -> SkippedRow:
    """A skipped row; a long text is cut."""
    return SkippedRow(line, reason, text if len(text) <= TEXT else f"{CUT}{text}"[:TEXT], said)


class Skipped:
    """Collects the skipped rows of one list.

    Args:
        path: the list.
        most: the share of its rows that may be skipped.
    """

    def __init__(self, path: Path, most: float) -> None:
        self.path, self.most = path, most
        self.header = 0  # lines before the first row
        self.rows = 0  # read so far, skipped ones included
        self.before: set[int] = set()  # lines of rows that an earlier crawl has skipped and named
        self.again: Counter[str] = Counter()  # of these, skipped ones by reason
        self.counts: Counter[str] = Counter()  # by reason
        self.named: list[SkippedRow] = []
        self.mended: Counter[str] = Counter()  # rows that were read in spite of a fault
        self.first_mended: dict[str, int] = {}  # line, by fault

    def add(self, line: int, reason: str, text: str, said: Said = NOTHING) -> None:
        """Skip a row.

        Raises:
            UserError: too many rows are skipped.
        """
        self.counts[reason] += 1
        self.again[reason] += line in self.before
        if len(self.named) < NAMED:
            self.named.append(skipped_row(line, reason, text, said))
        if self.rows >= EARLY:
            self.check()

    def mend(self, line: int, fault: str) -> None:
        """Note a row that was read in spite of a fault."""
        self.mended[fault] += 1
        self.first_mended.setdefault(fault, line)

    def check(self) -> None:
        """Make sure that not too many rows were skipped that no earlier crawl has skipped.

        Raises:
            UserError: more than the share that may be.
        """
        counts, rows = self.counts - self.again, self.rows - self.again.total()
        if counts.total() > self.most * rows:
            named = [row for row in self.named if row.line not in self.before]
            raise UserError(
                f"{self.path}: {counts.total():,} of {rows:,} rows hold no readable address "
                f"({_said(counts, named)}): correct them, or raise crawl.max_skipped, now {self.most:g}"
            )

    def report(self) -> None:
        """Log what was skipped and what was mended; nothing where the list is clean."""
        if self.counts:
            said = _said(self.counts, self.named)
            log.warning("%s: skipping %s: %s", self.path, many(self.counts.total(), "row"), said)
        for fault, count in self.mended.items():
            line = self.first_mended[fault]
            log.warning("%s: %s in %s, the first in line %d", self.path, fault, many(count, "row"), line)


def _said(counts: "Counter[str]", named: list[SkippedRow]) -> str:
    """Counts by reason, and the first rows: `BAD_ADDRESS 2; line 3 'x', line 9 'y'`."""
    reasons = ", ".join(f"{reason} {count}" for reason, count in counts.most_common())
    rows = ", ".join(f"line {row.line} {(row.text or row.said.title)[:60]!r}" for row in named[:SAID])
    return f"{reasons}; {rows}"
