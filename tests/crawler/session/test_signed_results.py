"""Which results that differ in their signatures alone are one image."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from crawler.answer.counts import Counts
from crawler.network.addresses import canonical_with_signature
from crawler.providers.api import Result
from crawler.session.products import owner_of
from crawler.session.result_filter import ResultFilter
from fashion_pggan.params import CrawlParams
from tests.crawler.kept import bytes_of, raw

Crawl = Callable[..., dict[str, Any]]

FILE = "https://a.example/image.jpg"


@pytest.fixture
def results() -> ResultFilter:
    params = CrawlParams.model_construct(
        max_products=9, part="1/1", not_in_title=[], query_labels={}, queries=[]
    )
    return ResultFilter(params, Counts(), lambda url: False)


def signed(token: str, title: str = "", page: str = "") -> Result:
    return Result(1, title, f"{FILE}?expires=1900000000&token={token}", None, None, page)


def test_an_image_that_is_signed_anew_for_one_product_stays_one(results: ResultFilter) -> None:
    found = [results.url_of(signed(token, "shirt")) for token in "abc"]
    assert found == [FILE] * 3


@pytest.mark.parametrize("named", ["title", "page"])
def test_a_further_product_keeps_its_token(results: ResultFilter, named: str) -> None:
    first, second = {named: "https://s.example/1"}, {named: "https://s.example/2"}
    other = signed("b", **second)
    assert results.url_of(signed("a", **first)) == FILE
    assert results.url_of(other) == results.url_of(signed("c", **second)) == other.link
    assert results.url_of(signed("d", **first)) == FILE


def test_without_a_product_each_link_is_an_image_and_the_same_link_is_one(results: ResultFilter) -> None:
    second = signed("b")
    assert [results.url_of(signed(token)) for token in "abab"] == [FILE, second.link] * 2
    assert results.url_of(signed("b", "shirt")) == second.link


@pytest.mark.parametrize(
    ("stored", "later", "is_the_same"),
    [
        (signed("a", "shirt"), signed("b", "Shirt "), True),
        (signed("a", "shirt"), signed("b", "coat"), False),
        (signed("a", "shirt", "https://s.example/1"), signed("b", "shirt", "https://s.example/2"), False),
        (signed("a"), signed("a"), True),
        (signed("a"), signed("b"), False),
        (Result(1, "", f"{FILE}?X-Amz-Signature=a&X-Amz-Expires=9", None, None), signed("b"), True),
        (Result(1, "shirt", FILE, None, None), signed("b", "shirt"), True),
    ],
)
def test_a_later_list_takes_the_stored_image_of_its_own_product_alone(
    results: ResultFilter, stored: Result, later: Result, is_the_same: bool
) -> None:
    results.owner = {FILE: owner_of(stored)}.__getitem__
    assert (results.url_of(later) == FILE) == is_the_same
    assert (results.url_of(later) == canonical_with_signature(later.link)) != is_the_same


def test_the_store_knows_whose_image_it_has(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    """Two lists: another product has the same path, and a token that names its image."""
    shop.images = {}
    shop.faults["/p/image.jpg"] = lambda request: web.Response(body=request.query["token"].encode())
    for title, token in (("shirt", "a"), ("coat", "b"), ("shirt", "c")):
        link = f"{shop.address}/p/image.jpg?expires=1900000000&token={token}"
        (tmp_path / "list.csv").write_text(f"url,title\n{link},{title}\n")
        crawl(provider="urls", url_list=str(tmp_path / "list.csv"), contact="a@b.org")
        (record,) = raw(tmp_path)
        assert bytes_of(tmp_path / "raw", record) == (b"b" if title == "coat" else b"a")
