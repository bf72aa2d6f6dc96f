"""Reads lists."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from crawler.lists.skipped import Skipped
from crawler.lists.url_list import read_urls
from crawler.providers.api import Result


class Read(NamedTuple):
    """What a list holds."""

    found: list[Result]
    skipped: Skipped

    @property
    def links(self) -> list[str]:
        return [result.link for result in self.found]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    """Writes a list and reads it."""

    def write_and_read(name: str, content: str | bytes, most: float = 1.0) -> Read:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        skipped = Skipped(path, most)
        found = list(read_urls(path, skipped))
        skipped.check()
        return Read(found, skipped)

    return write_and_read
