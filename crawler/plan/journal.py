"""The journal of a crawl on disk: search answers, and images given up.

The plan follows from the answers, so the journal is its state. A resumed crawl reads the answers in place of
calling; a complete crawl is marked as done, and the next one starts anew. Only the last line can be torn.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any, Self

from crawler.providers.api import Page, Result, SearchCall
from fashion_pggan.storage.files import append, atomic_write

Call = tuple[Any, ...]  # the values of a SearchCall


class Journal:
    """The journal of one plan, shared by its parts; use as a context manager.

    Args:
        file: JSON Lines.
        crawl_id: of a crawl that starts anew; a resumed crawl keeps its own.
        part: of the plan, such as `1/1`; a journal that is done for it starts anew.
        limits: a name for the limits on images; what was given up under others is tried again.
    """

    def __init__(self, file: Path, crawl_id: str, part: str, limits: str = "") -> None:
        self.file, self.crawl_id, self.part, self.limits = file, crawl_id, part, limits
        self.lost: dict[str, str] = {}  # reasons by canonical URL
        self.places: dict[Call, int] = {}  # offsets of answers in the file
        file.parent.mkdir(parents=True, exist_ok=True)
        size = self._read()
        self.resumed = size > 0
        self.handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        os.ftruncate(self.handle, size)
        if not self.resumed:
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
            line = json.loads(opened.readline())
        if line.get("results") is None:
            return None
        results = tuple(Result(*values) for values in line["results"])
        return Page(line["total"], line["returned"], results)

    def answered(self, call: SearchCall, page: Page | None) -> None:
        """Write an answer; None: the API has nothing for this call."""
        line: dict[str, Any] = {"call": astuple(call)}
        if page is not None:
            results = [astuple(result) for result in page.results]
            line |= {"total": page.total, "returned": page.returned, "results": results}
        self._append(line)

    def gave_up(self, url: str, reason: str) -> None:
        """Write that an image cannot be fetched, for a reason that does not pass."""
        if url not in self.lost:
            self.lost[url] = reason
            self._append({"lost": url, "reason": reason, "limits": self.limits})

    def done(self) -> None:
        """Mark this part as done."""
        self._append({"done": self.part})

    def _append(self, line: dict[str, Any]) -> None:
        append(self.handle, json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def _read(self) -> int:
        """Read everything but the answers; returns the size of the whole lines in bytes."""
        size, crawl_id = 0, self.crawl_id
        for line, values in lines_of(self.file):
            if values.get("done") == self.part:
                self.lost, self.places = {}, {}
                return 0
            crawl_id = values.get("crawl", crawl_id)
            if "lost" in values and values["limits"] == self.limits:
                self.lost[values["lost"]] = values["reason"]
            if "call" in values:
                self.places[tuple(values["call"])] = size
            size += len(line)
        self.crawl_id = crawl_id
        return size


def lines_of(file: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield the whole lines of a JSON Lines file, up to the first torn one, with their values."""
    if not file.exists():
        return
    with file.open("rb") as opened:
        for line in opened:
            try:
                values = json.loads(line)
            except ValueError:
                return
            if not line.endswith(b"\n") or not isinstance(values, dict):
                return
            yield line, values


def rewrite(
    target: Path, sources: list[Path], change: Callable[[dict[str, Any]], dict[str, Any] | None]
) -> None:
    """Merge journals into one, atomically; `change` edits each line, or drops it by returning None.

    The result is done for no part, so that a crawl resumes from it without new calls.
    """
    with atomic_write(target) as file:
        seen: set[str] = set()
        for source in sources:
            for _, values in lines_of(source):
                changed = None if "done" in values else change(values)
                key = changed and json.dumps(changed.get("call", changed), ensure_ascii=False)
                if changed and key not in seen:
                    seen.add(str(key))
                    file.write(json.dumps(changed, ensure_ascii=False).encode() + b"\n")
