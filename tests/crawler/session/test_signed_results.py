"""Which results that differ in their signatures alone are one image."""

import pytest

from crawler.answer.counts import Counts
from crawler.providers.api import Result
from crawler.session.result_filter import ResultFilter
from fashion_pggan.params import CrawlParams

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
