"""Feeds of Scrapy (`-o items.csv`, `-o items.xml`): no title is a formula, and no value is `None`."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from scrapy.exporters import CsvItemExporter, XmlItemExporter

from fashion_pggan.storage.escaped import csv_cell

COLUMNS = ("url", "sha256", "crawled_at")  # by which a feed of all fields is known
LOOKED_AT = 1 << 16  # bytes
EMPTY = re.compile(rb"\s*(?:\[?\s*\]?|<\?xml[^>]*>\s*<items>\s*</items>)\s*")  # a feed without items
PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ")  # by a plug-in of Scrapy for feeds: not looked into


def is_feed(file: Path, columns: Iterable[str]) -> bool:
    """Whether a feed may write to a file: it is missing, empty, or a feed with these columns."""
    if not file.is_file():
        return not file.exists()
    with file.open("rb") as opened:
        begin = opened.read(LOOKED_AT)
    if EMPTY.fullmatch(begin) or begin.startswith(PACKED):
        return True
    return all(name.encode() in begin for name in columns)


class EscapedCsv(CsvItemExporter):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Scrapy's CSV, with cells escaped as in every other CSV of this program."""

    def _build_row(self, values: Iterable[Any]) -> Iterator[Any]:
        return map(csv_cell, super()._build_row(values))


class EmptyInXml(XmlItemExporter):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Scrapy's XML, in which an unknown value is an empty element."""

    def serialize_field(self, field: Any, name: str, value: Any) -> Any:
        """The value of a field."""
        return "" if value is None else super().serialize_field(field, name, value)
