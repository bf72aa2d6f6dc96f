"""Feeds of Scrapy (`-o items.csv`) in which no title is a formula."""

from collections.abc import Iterable, Iterator
from typing import Any

from scrapy.exporters import CsvItemExporter

from fashion_pggan.storage.escaped import csv_cell


class EscapedCsv(CsvItemExporter):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Scrapy's CSV, with cells escaped as in every other CSV of this program."""

    def _build_row(self, values: Iterable[Any]) -> Iterator[Any]:
        return map(csv_cell, super()._build_row(values))
