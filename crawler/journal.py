"""What a crawl has heard so far, on disk: answers of the search in their order, and pictures given up.

The plan follows from the answers, so this is its state. A crawl that goes on reads the answers again instead of
asking; one that is whole is marked so, and the next one starts anew. A line that was torn is the last one.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from crawler.api import Page, Result, SearchCall
from fashion_pggan.files import atomic_write


class Journal:
    """The journal of one plan; use as a context manager.

    Args:
        file: where it is.
        crawl_id: of a crawl that starts now; one that goes on has its own.
    """

    def __init__(self, file: Path, crawl_id: str) -> None:
        self.file = file
        self.crawl_id, self.lost, self.resumed = crawl_id, dict[str, str](), False
        file.parent.mkdir(parents=True, exist_ok=True)
        self.size = self._read()
        self.handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        os.ftruncate(self.handle, self.size)
        self.answers: Iterator[tuple[int, dict[str, Any]]] | None = self._answers()
        if not self.size:
            self._append({"crawl": crawl_id})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        os.close(self.handle)

    def answer_to(self, call: SearchCall) -> Page | None:
        """What was answered to `call` before, when it was the next one then too."""
        if self.answers is None:
            return None
        at, line = next(self.answers, (self.size, {}))
        if line.get("call") == list(asdict(call).values()):
            return _page_of(line)
        self.answers = None
        if line:  # the program or the plan has changed: what follows answers other calls
            os.ftruncate(self.handle, at)
            for url, reason in self.lost.items():
                self._append({"lost": url, "reason": reason})
        return None

    def answered(self, call: SearchCall, page: Page) -> None:
        """Keep an answer."""
        results = [list(asdict(result).values()) for result in page.results]
        line = {"call": list(asdict(call).values()), "total": page.total, "returned": page.returned}
        self._append({**line, "results": results})

    def gave_up(self, url: str, reason: str) -> None:
        """Keep that a picture cannot be had, for a reason that does not pass."""
        self.lost[url] = reason
        self._append({"lost": url, "reason": reason})

    def done(self) -> None:
        """Mark the crawl as whole."""
        self._append({"done": True})

    def _append(self, line: dict[str, Any]) -> None:
        os.write(self.handle, json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def _read(self) -> int:
        """Read all but the answers; returns how many bytes are of use."""
        size, crawl_id = 0, self.crawl_id
        for line, values in lines_of(self.file):
            if values.get("done"):
                self.lost = {}
                return 0
            crawl_id = values.get("crawl", crawl_id)
            if "lost" in values:
                self.lost[values["lost"]] = values["reason"]
            size += len(line)
        self.resumed, self.crawl_id = size > 0, crawl_id
        return size

    def _answers(self) -> Iterator[tuple[int, dict[str, Any]]]:
        at = 0
        for line, values in lines_of(self.file):
            if "call" in values:
                yield at, values
            at += len(line)


def lines_of(file: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """The whole lines of a JSON Lines file, up to the first torn one, with their values."""
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


def rewrite(file: Path, change: "Any") -> None:
    """Replace every line of a journal by what `change(values)` makes of it, in one step; `done` is dropped.

    So a crawl that was whole is taken up again, without new calls, and leaves out what `change` took out.
    """
    with atomic_write(file) as target:
        for _, values in lines_of(file):
            if not values.get("done"):
                target.write(json.dumps(change(values), ensure_ascii=False).encode() + b"\n")


def _page_of(line: dict[str, Any]) -> Page:
    return Page(line["total"], line["returned"], tuple(Result(*values) for values in line["results"]))
