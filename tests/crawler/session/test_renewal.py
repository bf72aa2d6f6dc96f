"""Addresses that expire: fresh ones come from the search."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from crawler.providers.api import Page, Result
from crawler.session.renewal import fresh_links
from crawler.store.items import SearchHit
from fashion_pggan.errors import PassingError
from tests.crawler.kept import raw

Crawl = Callable[..., dict[str, Any]]
JPEG = b"\xff\xd8\xff\xe0"
PRODUCTS = 250


class Signing:
    """A search that signs its addresses anew with each answer; only the latest signature of an image holds.

    Args:
        shop: that answers.
    """

    def __init__(self, shop: Any) -> None:
        self.shop, self.serial, self.latest = shop, itertools.count(1764264000), dict[str, int]()
        self.searches, self.refused = 0, set[str]()  # paths that no signature opens
        self.quota = 10_000
        self.stale = 403  # the status of an address that has expired
        self.name = "expires"
        shop.answer_all = self.answer
        shop.images = {}

    async def answer(self, request: web.Request) -> web.Response:
        if request.path in self.refused or int(request.query[self.name]) < self.latest[request.path]:
            return web.Response(status=self.stale, body=b"" if self.stale != 200 else JPEG + b"expired")
        return web.Response(body=JPEG + request.path.encode(), content_type="image/jpeg")

    def search(self, request: web.Request) -> web.Response:
        self.searches += 1
        if self.searches > self.quota:
            error = {"errorCode": "400", "message": "Quota Exceeded", "details": ""}
            return web.json_response({"error": error}, status=429)
        start, at = int(parse_qs(urlsplit(str(request.url)).query)["start"][0]), next(self.serial)
        items = []
        for number in range(start, min(start + 100, PRODUCTS + 1)):
            path = f"/p/{number}.jpg"
            self.latest[path] = at
            link = f"{self.shop.address}{path}?{self.name}={at}&token=t{at}"
            items.append({"title": f"shirt {number}", "link": link, "sizewidth": "0", "sizeheight": "0"})
        body = {"total": PRODUCTS, "start": start, "display": len(items), "items": items}
        return web.Response(text=json.dumps(body))


@pytest.fixture
def signing(shop: Any, monkeypatch: pytest.MonkeyPatch) -> Signing:
    made = Signing(shop)
    monkeypatch.setattr(shop, "_search", made.search)
    return made


def expire(signing: Signing) -> None:
    signing.latest = {path: at + 1_000_000 for path, at in signing.latest.items()}


def stopped(signing: Signing, crawl: Crawl) -> None:
    """Crawl until the second page cannot be had, and let the addresses of the first one expire."""
    signing.quota = 1
    signing.refused = {f"/p/{number}.jpg" for number in range(41, 101)}
    signing.stale = 500
    with pytest.raises(PassingError, match="quota"):
        crawl(retries=0)
    signing.quota, signing.stale, signing.refused = 10_000, 403, set()
    expire(signing)


def test_a_resumed_crawl_asks_the_search_for_fresh_addresses(
    signing: Signing, crawl: Crawl, tmp_path: Path
) -> None:
    stopped(signing, crawl)
    figures = crawl()
    assert (figures["images"], figures["reused"], figures["failed"]) == (PRODUCTS, 40, {})
    assert (figures["calls_now"], figures["renewed"]) == (3, 60)  # two pages, and the first once more
    assert len({image.url for image in raw(tmp_path)}) == PRODUCTS


def test_what_is_known_is_not_fetched_for_a_new_signature(signing: Signing, crawl: Crawl) -> None:
    crawl()
    before = signing.shop.fetched().total()
    figures = crawl()
    assert (figures["fetched"], figures["reused"]) == (0, PRODUCTS)
    assert signing.shop.fetched().total() == before == PRODUCTS


@pytest.mark.parametrize("status", [401, 403, 410, 404])
def test_images_that_no_fresh_address_opens_cost_one_more_answer(
    signing: Signing, crawl: Crawl, status: int
) -> None:
    signing.stale, signing.refused = status, {"/p/7.jpg", "/p/8.jpg", "/p/207.jpg"}
    figures = crawl()
    assert figures["failed"] == {f"HTTP_{status}": 3}
    assert figures["images"] == PRODUCTS - 3
    assert figures["calls_now"] == 4  # the host refuses what it has just signed: nothing more is asked


def test_a_host_that_refuses_everything_costs_one_more_answer(signing: Signing, crawl: Crawl) -> None:
    signing.refused = {f"/p/{number}.jpg" for number in range(1, PRODUCTS + 1) if number % 2}
    assert crawl()["calls_now"] <= 5


def test_a_used_up_quota_leaves_the_rest_to_a_further_run(
    signing: Signing, crawl: Crawl, caplog: pytest.LogCaptureFixture
) -> None:
    stopped(signing, crawl)
    signing.quota = signing.searches + 2  # the other pages
    figures = crawl()
    assert (figures["images"], figures["failed"]) == (PRODUCTS - 60, {"HTTP_403": 60})
    assert (figures["may_pass"], figures["keeps_answers"]) == (60, True)
    assert "a further run asks for fresh addresses" in caplog.text
    expire(signing)
    signing.quota = 10_000
    figures = crawl()
    assert (figures["images"], figures["failed"], figures["calls_now"]) == (PRODUCTS, {}, 1)


def test_a_placeholder_for_expired_addresses_is_replaced_by_the_image(signing: Signing, crawl: Crawl) -> None:
    stopped(signing, crawl)
    signing.stale = 200
    figures = crawl()
    assert (figures["images"], figures["failed"], figures["files"]) == (PRODUCTS, {}, PRODUCTS)


def test_a_fresh_link_is_found_by_address_or_by_product() -> None:
    def hit(link: str, title: str = "a") -> SearchHit:
        return SearchHit(link.partition("?expires")[0], link, title, "", "", 1, None, None, "")

    def page(*links: str) -> Page:
        results = tuple(Result(1, "a", link, None, None) for link in links)
        return Page(len(links), len(links), results)

    old = hit("https://a.example/1.jpg?expires=1764264000")
    new = "https://a.example/1.jpg?expires=1764264001"
    assert fresh_links(page(new), [old]) == {old.url: new}
    assert fresh_links(page(old.link), [old]) == {}
    assert fresh_links(None, [old]) == {}
    unknown = hit("https://a.example/i?zz=1")
    assert fresh_links(page("https://a.example/i?zz=2"), [unknown]) == {
        unknown.url: "https://a.example/i?zz=2"
    }
    assert fresh_links(page("https://a.example/i?zz=2", "https://a.example/i?zz=3"), [unknown]) == {}
    assert fresh_links(page("https://a.example/i?zz=2"), [hit("https://a.example/i?zz=1", "b")]) == {}


def test_of_products_that_share_a_path_each_gets_its_own_fresh_link() -> None:
    links = [f"https://a.example/1.jpg?expires=1764264000&token={name}" for name in "abcd"]
    hits = [SearchHit(link, link, link[-1], "", "", 1, None, None, "") for link in links[:2]]
    results = [Result(1, title, link, None, None) for title, link in zip("ba", links[2:], strict=True)]
    fresh = fresh_links(Page(2, 2, tuple(results)), hits)
    assert fresh == {links[0]: links[3], links[1]: links[2]}
