"""Pages in place of images: refusals of a host, or images that are gone."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from scrapy import Request

from crawler.network.pacing.pages import MOST_TAKEN, SURE, TRIES, Pages
from fashion_pggan.errors import PassingError

Crawl = Callable[..., dict[str, Any]]
WAIT = "<html><h1>Please wait</h1></html>"
TOO_FAST = [
    ("text/html", "<!doctype html><title>Too many requests</title>"),
    ("application/json", json.dumps({"error": {"message": "Rate limit exceeded"}}, indent=1)),
    ("text/plain", "rate limit"),
]


def refuse_at_first(times: int, said: str, kind: str) -> Callable[[web.Request], web.Response]:
    asked: Counter[str] = Counter()

    def answer(request: web.Request) -> web.Response:
        asked[request.path] += 1
        if asked[request.path] <= times:
            return web.Response(text=said, content_type=kind)
        return web.Response(body=b"\xff\xd8\xff" + request.path.encode(), content_type="image/jpeg")

    return answer


@pytest.mark.parametrize(("kind", "said"), TOO_FAST)
def test_a_page_that_says_too_fast_loses_no_image(shop: Any, crawl: Crawl, kind: str, said: str) -> None:
    answer = refuse_at_first(2, said, kind)
    shop.faults = {f"/fast/{i}.jpg": answer for i in range(8)}
    figures = crawl(retries=0, patience_s=60.0)
    assert (figures["images"], figures["failed"]) == (38, {})


def test_a_page_without_a_word_loses_no_image_of_a_host_that_serves_others(shop: Any, crawl: Crawl) -> None:
    answer = refuse_at_first(1, WAIT, "text/html")
    shop.faults = {f"/fast/{i}.jpg": answer for i in range(8)}
    figures = crawl(retries=0, patience_s=60.0)
    assert (figures["images"], figures["failed"]) == (38, {})


def test_a_host_that_says_too_fast_for_longer_than_the_patience_may_be_asked_by_a_further_run(
    shop: Any, crawl: Crawl
) -> None:
    kind, said = TOO_FAST[0]
    shop.faults = dict.fromkeys(shop.images, lambda request: web.Response(text=said, content_type=kind))
    with pytest.raises(PassingError, match=r"30 of 30 images could not be fetched now \(.*BUSY_PAGE"):
        crawl(patience_s=0.3)


def test_pages_for_images_that_are_gone_cost_few_requests(shop: Any, crawl: Crawl) -> None:
    shop.faults = {
        f"/gone/{i}": lambda request: web.Response(text=WAIT, content_type="text/html") for i in range(60)
    }
    figures = crawl(concurrent_requests=1, concurrent_per_host=1)
    assert figures["failed"] == {"NOT_AN_IMAGE": 60}
    asked = [shop.requests[path] for path in shop.faults]
    assert max(asked) <= TRIES + 1
    assert figures["images"] == 30


def test_an_image_served_before_that_brings_a_page_now_tells_that_the_host_refuses() -> None:
    pages, asked = Pages(), []

    async def brings_a_page(request: Any) -> bool:
        asked.append(request.url)
        return True

    assert not asyncio.run(pages.is_refusal(brings_a_page))  # it has served nothing
    pages.image_came(Request("https://a.example/1.jpg"))
    assert asyncio.run(pages.is_refusal(brings_a_page))
    assert asyncio.run(pages.is_refusal(brings_a_page))
    assert asked == ["https://a.example/1.jpg"]


def test_looks_become_rare_while_pages_are_of_the_images() -> None:
    pages, looks = Pages(), []

    async def brings_an_image(request: Any) -> bool:
        looks.append(request)
        return False

    async def hundred() -> None:
        for _ in range(100):
            assert not await pages.is_refusal(brings_an_image)

    pages.image_came(Request("https://a.example/1.jpg"))
    asyncio.run(hundred())
    assert 100 / MOST_TAKEN / 2 < len(looks) < 20


def test_an_image_is_asked_for_again_until_pages_are_known_to_stay() -> None:
    pages = Pages()
    assert [pages.may_pass(tried) for tried in (0, 1)] == [True, False]  # it has served nothing yet
    pages.image_came(Request("https://a.example/1.jpg"))
    assert [pages.may_pass(tried) for tried in (0, TRIES - 1, TRIES)] == [True, True, False]
    for _ in range(SURE):
        pages.may_pass(TRIES)
    assert not pages.may_pass(0)
