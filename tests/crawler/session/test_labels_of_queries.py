"""The label of an image, from its query or its list to the records."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from crawler.answer.counts import Counts
from crawler.lists.skipped import Skipped
from crawler.lists.url_list import read_urls
from crawler.providers.api import Result
from crawler.session.result_filter import ResultFilter
from tests.crawler.kept import raw
from tests.crawler.plan.words import params_of


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


def test_rows_of_one_address_vote_for_its_label(
    shop: Any, crawl: Callable[..., dict[str, Any]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    labels = {0: ["", "hoodie"], 1: ["shirt", "hoodie", "hoodie"], 2: ["shirt", "hoodie"], 3: ["shirt", ""]}
    rows = [f"{shop.address}/p/{i}.jpg,{label}" for i, several in labels.items() for label in several]
    (tmp_path / "list.csv").write_text("\n".join(["url,label", *rows]))
    figures = crawl(provider="urls", url_list=str(tmp_path / "list.csv"), contact="a@b.org")
    assert figures["left_out"] == {"DUPLICATE": 5}
    assert [(record.label, record.label_votes) for record in raw(tmp_path)] == [
        ("hoodie", "hoodie 1"),
        ("hoodie", "hoodie 2, shirt 1"),
        ("shirt", "shirt 1, hoodie 1"),
        ("shirt", ""),
    ]
    said = "list.csv: an address with another label than before (most rows decide) in 3 rows"
    assert f"{said}, the first in line 5" in caplog.text


def test_each_query_that_finds_an_image_has_a_vote() -> None:
    queries = [{"query": text, "label": text[0]} for text in ("shirt", "hoodie", "hood")]
    results = ResultFilter(params_of(queries=queries, vocabulary=""), Counts(), lambda _: False)
    result = Result(1, "", "http://a/1.jpg", None, None)
    found = [
        results.accept(result, result.link, query, query) for query in ("shirt", "shirt", "hoodie", "hood")
    ]
    assert found[0]
    assert found[1:] == [None] * 3
    hit = results.hits[result.link]
    assert (hit.query, hit.label, hit.label_votes) == ("shirt", "h", "h 2, s 1")
