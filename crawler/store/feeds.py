"""Feeds of Scrapy (`-o items.csv`, `-o items.xml`): no title is a formula, and no value is `None`."""

from collections.abc import Iterable, Iterator
from typing import Any

from scrapy.exporters import CsvItemExporter, XmlItemExporter

from fashion_pggan.storage.escaped import csv_cell


class EscapedCsv(CsvItemExporter):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Scrapy's CSV, with cells escaped as in every other CSV of this program."""

    def _build_row(self, values: Iterable[Any]) -> Iterator[Any]:
        return map(csv_cell, super()._build_row(values))


class EmptyInXml(XmlItemExporter):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Scrapy's XML, in which an unknown value is an empty element."""

    def serialize_field(self, field: Any, name: str, value: Any) -> Any:
        """The value of a field."""
        return "" if value is None else super().serialize_field(field, name, value)
