"""The journal of a crawl on disk: search answers, and images given up.

The plan follows from the answers, so the journal is its state. A resumed crawl reads the answers instead of
calling. A complete crawl is marked as done, and the next one starts from the beginning. A kill tears at most
the last line. The journal leaves out a damaged line and counts it; the crawl repeats that call.
"""

import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from crawler.lines import Line, line_of, lines_of, values_of
from crawler.plan.entries import entry_of
from crawler.plan.packed import packed, unpacked
from crawler.providers.api import Page, Result, SearchCall
from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.plain_file import LONGEST_LINE
from fashion_pggan.storage.files import append, atomic_write

log = logging.getLogger(__name__)

Call = tuple[Any, ...]  # the values of a SearchCall


class Journal:
    """The journal of one plan, shared by its parts; use as a context manager.

    Args:
        file: JSON Lines.
        crawl_id: of a new crawl; a resumed crawl keeps its own.
        part: of the plan, such as `1/1`; a journal that is done for it starts a new crawl.
        limits: a name for the limits on images; images given up under other limits are tried again.

    Raises:
        UserError: a later version wrote it.
    """

    def __init__(self, file: Path, crawl_id: str, part: str, limits: str = "") -> None:
        self.file, self.crawl_id, self.part, self.limits = file, crawl_id, part, limits
        self.lost: dict[str, str] = {}  # reasons by canonical URL
        self.failing: dict[str, int] = {}  # by URL: runs that could not fetch it, though it may pass
        self.at: dict[str, str] = {}  # when an image failed last, by URL: UTC, ISO 8601
        self.places: dict[Call, int] = {}  # offsets of answers in the file
        self.given_up: dict[Call, str] = {}  # reasons, by call
        file.parent.mkdir(parents=True, exist_ok=True)
        size = self._read()
        self.resumed = size > 0
        self.handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        os.ftruncate(self.handle, size)
        if not self.resumed:
            for url, tries in self.failing.items():  # of the crawl before
                self._append({"failing": url, "reason": "", "tries": tries, "at": self.at[url]})
            self._append({"crawl": crawl_id})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        os.close(self.handle)

    def has(self, call: SearchCall) -> bool:
        """Whether the journal holds an answer to `call`."""
        return astuple(call) in self.places

    def answer_to(self, call: SearchCall) -> Page | None:
        """The answer to `call`; None when the call was left out."""
        with self.file.open("rb") as opened:
            opened.seek(self.places[astuple(call)])
            values, _ = values_of(opened.readline(LONGEST_LINE))
        if values is None:
            raise UserError(f"{self.file} has changed since it was read: run the same command again")
        line = unpacked(values)
        if line.get("results") is None:
            return None
        results = tuple(Result(*values) for values in line["results"])
        return Page(line["total"], line["returned"], results, damaged=line.get("damaged", False))

    def reason_against(self, call: SearchCall) -> str:
        """Why an earlier run gave a call up; empty when it was answered."""
        return self.given_up.get(astuple(call), "")

    def answered(self, call: SearchCall, page: Page | None, reason: str = "") -> None:
        """Write an answer; None when the API has nothing for this call, or for a `reason` to give it up."""
        line: dict[str, Any] = {"call": astuple(call)}
        if page is not None:
            results = [astuple(result) for result in page.results]
            line |= {"total": page.total, "returned": page.returned, "results": results}
            line |= {"damaged": True} if page.damaged else {}
        elif reason:
            line["reason"] = reason
        self._append(line)

    def gave_up(self, url: str, reason: str) -> None:
        """Write that an image cannot be fetched, for a reason that does not pass."""
        if url not in self.lost:
            self.lost[url], self.at[url] = reason, _now()
            self._append({"lost": url, "reason": reason, "limits": self.limits, "at": self.at[url]})

    def failed(self, url: str, reason: str) -> int:
        """Write that this run could not fetch an image; returns how many runs could not.

        A new crawl keeps the count of the crawl before.
        """
        tries = self.failing[url] = self.failing.get(url, 0) + 1
        self.at[url] = _now()
        self._append({"failing": url, "reason": reason, "tries": tries, "at": self.at[url]})
        return tries

    def done(self) -> None:
        """Mark this part as done."""
        self._append({"done": self.part})

    def _append(self, line: dict[str, Any]) -> None:
        append(self.handle, line_of(packed(line)))

    def _read(self) -> int:
        """Read all but the answers, and remove damaged lines; returns the size of the file in bytes."""
        if (lost := _damaged_in(self.file)) is not None:
            _write(self.file, (line for line in lines_of(self.file) if _is_whole(line, self.file)))
        if lost:
            log.warning("%s: %d lines are damaged: their search calls are repeated", self.file, lost)
        crawl_id = self.crawl_id
        recent: set[str] = set()  # images that failed in the last crawl
        for line in lines_of(self.file):
            values = line.values or {}
            if values.get("done") == self.part:
                self.lost, self.places, self.given_up = {}, {}, {}
                self.failing = {url: tries for url, tries in self.failing.items() if url in recent}
                return 0
            if "crawl" in values:
                crawl_id = values["crawl"]
                recent.clear()
            if "failing" in values:
                recent.add(values["failing"])
                self.failing[values["failing"]] = values["tries"]
                self.at[values["failing"]] = values["at"]
            if "lost" in values and values["limits"] == self.limits:
                self.lost[values["lost"]] = values["reason"]
                self.at[values["lost"]] = values.get("at", "")
            if "call" in values:
                self.places[tuple(values["call"])] = line.start
                self.given_up[tuple(values["call"])] = values.get("reason", "")
        self.crawl_id = crawl_id
        return self.file.stat().st_size if self.file.exists() else 0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def rewrite(
    target: Path, sources: list[Path], change: Callable[[dict[str, Any]], dict[str, Any] | None]
) -> int:
    """Merge journals into one, atomically; `change` edits each line, or drops it by returning None.

    The result is done for no part, so that a crawl resumes from it without new calls. A call that one of
    them gave up has the answer of another that has one.

    Returns:
        How many lines are damaged, and left out.

    Raises:
        UserError: a later version wrote a line.
    """
    lost = 0
    with atomic_write(target) as file:
        seen: set[str] = set()
        given_up: dict[str, bytes] = {}
        for source in sources:
            for line in lines_of(source):
                if not _is_whole(line, source):
                    lost += line.is_ended
                    continue
                values = entry_of(line.values) or {}
                changed = None if "done" in values else change(values)
                key = json.dumps(changed.get("call", changed)) if changed else ""
                if changed and "call" in changed and changed.get("reason"):
                    given_up.setdefault(key, line_of(changed))
                elif changed and key not in seen:
                    seen.add(key)
                    file.write(line_of(packed(changed)))
        file.writelines(line for key, line in given_up.items() if key not in seen)
    return lost


def is_done(file: Path, part: str) -> bool:
    """Whether a journal ends with the complete crawl of a part."""
    return any((line.values or {}).get("done") == part for line in lines_of(file))


def check_journal(file: Path) -> None:
    """Make sure that a journal can be read.

    Raises:
        UserError: it is no plain file, or a later version wrote a line.
    """
    _damaged_in(file)


def _damaged_in(file: Path) -> int | None:
    """How many lines are damaged, 0 where only the last one is torn; None when all are whole."""
    broken = [line.is_ended for line in lines_of(file) if not _is_whole(line, file)]
    return sum(broken) if broken else None


def _write(file: Path, lines: Iterator[Line]) -> None:
    with atomic_write(file) as new:
        new.writelines(line.data for line in lines)


def _is_whole(line: Line, file: Path) -> bool:
    whole = entry_of(line.values) is not None
    if line.sealed and not whole:
        raise UserError(
            f"{file}, line {line.number}, is unknown to this version: "
            "install a newer fashion-pggan, or move it away"
        )
    return whole and line.is_ended
