"""The label of an image, from its query or its list to the records."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from crawler.lists.skipped import Skipped
from crawler.lists.url_list import read_urls
from tests.crawler.kept import raw


def test_records_have_the_label_of_their_query(
    shop: Any, crawl: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    shop.images = {f"/p/{i}.jpg": b"%d" % i for i in range(20)}
    crawl(queries=["셔츠"])
    assert "label" not in pq.read_schema(tmp_path / "raw/records.parquet").names
    figures = crawl(queries=[{"query": "셔츠", "label": "shirt"}])
    assert figures["calls"] == 1
    assert (figures["fetched"], figures["reused"]) == (0, 20)
    assert {(record.query, record.label) for record in raw(tmp_path)} == {("셔츠", "shirt")}


def test_a_list_has_a_column_of_labels(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("url,Label\nhttp://a/1.jpg, hoodie \nhttp://a/2.jpg,\n")
    assert [each.label for each in read_urls(path, Skipped(path, 1.0))] == ["hoodie", ""]
