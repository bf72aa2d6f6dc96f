"""Busy hosts, and hosts whose robots.txt fails."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from scrapy import Request

from crawler.network.handler import ImageHandler
from crawler.network.pacing.hosts import Host
from crawler.store.store import images_of
from fashion_pggan.errors import PassingError

Crawl = Callable[..., dict[str, Any]]


def test_retry_after_is_respected(shop: Any, crawl: Crawl) -> None:
    asked: list[float] = []

    def busy(request: web.Request) -> web.Response:
        asked.append(time.monotonic())
        if len(asked) == 1:
            return web.Response(status=503, headers={"Retry-After": "1"})
        return web.Response(body=b"x")

    shop.faults["/p/busy"] = busy
    assert crawl()["failed"] == {}
    assert asked[1] - asked[0] >= 1


def test_a_host_that_wants_to_be_left_alone_for_long_is(shop: Any, crawl: Crawl) -> None:
    shop.images = {}

    def busy(request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "3600"})

    shop.faults = {f"/p/{i}": busy for i in range(20)}
    with pytest.raises(ValueError, match=r"20 of 20 .*\(HTTP_429 11, HOST_BUSY 9\)"):
        crawl(concurrent_requests=1, concurrent_per_host=1)
    assert shop.fetched().total() == 11


def test_a_host_that_is_of_no_use_holds_up_no_other_and_is_left_alone_in_the_end(
    shop: Any, crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.spiders.naver_tops.SLOTS", 1)
    busy = web.Response
    names = [f"/p/busy{number}" for number in range(40)]
    shop.faults = {name: lambda request: busy(status=503, headers={"Retry-After": "1"}) for name in names}
    port = urlsplit(shop.address).port
    good = [f"http://localhost:{port}{path}" for path in list(shop.images)[:5]]
    (tmp_path / "list.txt").write_text("\n".join([*(shop.address + name for name in names), *good]))
    both = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
    monkeypatch.setattr(ImageHandler, "_private", lambda self: both)
    began = time.monotonic()
    with pytest.raises(PassingError, match=r"40 of 45 .* now \(HOST_BUSY \d+, HTTP_503 \d+\)"):
        crawl(
            provider="urls",
            contact="me@example.org",
            url_list=str(tmp_path / "list.txt"),
            retries=9,
            patience_s=1.5,
            concurrent_requests=4,
            concurrent_per_host=4,
        )
    assert time.monotonic() - began < 15
    first_good = min(at for at, path in enumerate(shop.order) if path in shop.images)
    assert first_good < 40  # while the other host was still being waited for
    assert len(images_of(tmp_path / "store")) == 5


def test_a_host_that_asks_to_be_left_alone_and_is_well_afterwards_is_not_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr("crawler.network.pacing.hosts.time.monotonic", lambda: now[0])
    host = Host()
    for _ in range(32):
        host.answered(well=False)
    now[0] += 61  # as it asked for
    assert host.may_be_asked()
    host.answered(well=False)  # and again, a minute later
    assert not host.may_be_asked()
    now[0] += 301
    assert [host.may_be_asked() for _ in range(3)] == [True, False, False]  # one looks
    host.answered(well=True)
    assert host.may_be_asked()


def test_a_robots_txt_that_fails_for_a_moment_is_asked_for_again(
    shop: Any, crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.network.robots.middleware.ROBOTS_AGAIN_S", 0.0)
    shop.robots_faults = [503]
    figures = crawl(retries=0, concurrent_requests=1, concurrent_per_host=1)
    assert figures["failed"].keys() == {"ROBOTS_UNREADABLE"}
    assert figures["fetched"] == 30 - figures["failed"]["ROBOTS_UNREADABLE"] > 15
    assert shop.requests["/robots.txt"] == 2


def test_a_robots_txt_beyond_the_limit_of_images_is_read(shop: Any, crawl: Crawl) -> None:
    shop.robots = "# nothing\n" * 1000 + "User-agent: *\nDisallow: /p/1.jpg\n"
    assert crawl(max_bytes=500)["failed"] == {"ROBOTS": 1}


def serve_at(rate: float, shop: Any, refusal: Callable[[web.Request], web.Response]) -> list[str]:
    """Let a shop serve 60 images, so many a second; returns the paths of what it refuses, as it goes."""
    tokens, at, refused = 10.0, time.monotonic(), list[str]()

    async def answer(request: web.Request) -> web.Response:
        nonlocal tokens, at
        if "search" in request.path:
            return shop._search(request)
        now = time.monotonic()
        tokens, at = min(10.0, tokens + (now - at) * rate), now
        if tokens < 1:
            refused.append(request.path)
            return refusal(request)
        tokens -= 1
        return web.Response(body=shop.images[request.path])

    shop.answer_all = answer
    shop.images = {f"/p/{i}": b"x%d" % i for i in range(60)}
    return refused


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_refuses_what_is_too_fast_is_asked_at_its_own_pace(
    shop: Any, crawl: Crawl, status: int
) -> None:
    """It serves 40 a second, says no to the rest at once, and names no pause."""
    refused = serve_at(40.0, shop, lambda request: web.Response(status=status))
    figures = crawl(retries=0, patience_s=60.0, concurrent_requests=32, concurrent_per_host=32)
    assert (figures["fetched"], figures["failed"]) == (60, {})
    assert len(refused) < 60


def closes(request: web.Request) -> web.Response:
    """Close the connection before the answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def cuts(request: web.Request) -> Any:
    """Send half an answer."""

    async def half() -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(bytes(50))
        return closes(request)

    return half()


@pytest.mark.parametrize("breaks", [closes, cuts])
def test_a_host_that_closes_many_connections_loses_no_image(shop: Any, crawl: Crawl, breaks: Any) -> None:
    """More often than crawl.retries, while it serves others."""
    asked: Counter[str] = Counter()
    names = [f"/often/{i}" for i in range(8)]

    def often(request: web.Request) -> Any:
        asked[request.path] += 1
        return breaks(request) if asked[request.path] <= 2 else web.Response(body=request.path.encode())

    shop.faults = dict.fromkeys(names, often)
    figures = crawl(retries=1, patience_s=60.0)
    assert (figures["images"], figures["failed"]) == (38, {})


def test_a_host_that_closes_what_is_too_fast_is_asked_at_its_own_pace(shop: Any, crawl: Crawl) -> None:
    """It serves 40 a second, and closes the connection of the rest."""
    closed = serve_at(40.0, shop, closes)
    figures = crawl(retries=1, patience_s=60.0, concurrent_requests=32, concurrent_per_host=32)
    assert (figures["fetched"], figures["failed"]) == (60, {})
    assert len(closed) < 120


def test_few_broken_connections_are_of_the_images() -> None:
    host = Host()
    for _ in range(20):
        host.pages.image_came(Request("https://a.example/1.jpg"))
    host.broken = 3
    assert host.tries_after_breaks() == 0
    host.broken = 20
    assert 5 <= host.tries_after_breaks() <= 12


def test_an_image_that_its_host_refuses_among_others_fails_alone(shop: Any, crawl: Crawl) -> None:
    shop.faults = {"/p/busy": lambda request: web.Response(status=503)}
    figures = crawl(concurrent_requests=1, concurrent_per_host=1, patience_s=3.0)
    assert figures["failed"] == {"HTTP_503": 1}
    assert 1 < shop.requests["/p/busy"] < 12


@pytest.mark.parametrize("wanted", ["3600", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_a_long_pause_that_one_image_asks_for_holds_up_no_other(shop: Any, crawl: Crawl, wanted: str) -> None:
    shop.images = {"/p/busy": b"x", **shop.images}
    shop.faults = {"/p/busy": lambda request: web.Response(status=429, headers={"Retry-After": wanted})}
    figures = crawl(concurrent_requests=1, concurrent_per_host=1)
    assert figures["failed"] == {"HTTP_429": 1}
    assert shop.requests["/p/busy"] == 1


def test_a_host_that_refuses_everything_for_longer_than_the_patience_is_given_up(
    shop: Any, crawl: Crawl
) -> None:
    shop.faults = {path: lambda request: web.Response(status=429) for path in shop.images}
    with pytest.raises(PassingError, match=r"30 of 30 images could not be fetched now \(HO.*HTTP_429"):
        crawl(patience_s=0.3)


def test_a_crawl_delay_holds_between_two_images_of_a_host(shop: Any, crawl: Crawl) -> None:
    shop.robots = "User-agent: *\nCrawl-delay: 0.1"
    shop.images = dict(list(shop.images.items())[:5])
    began = time.monotonic()
    assert crawl()["fetched"] == 5
    assert time.monotonic() - began >= 0.4
