"""The limit of concurrent requests, and middlewares of users."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from scrapy import Request
from scrapy.http import Response

from crawler.network.downloader import PlainMiddlewares

Crawl = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(("concurrent", "of_a_host", "expected"), [(16, 3, 3), (3, 16, 3), (1, 1, 1)])
def test_no_more_images_are_asked_for_at_once_than_allowed(
    shop: Any, crawl: Crawl, concurrent: int, of_a_host: int, expected: int
) -> None:
    now, most = [0], [0]

    async def busy(request: web.Request) -> web.Response:
        now[0] += 1
        most[0] = max(most[0], now[0])
        await asyncio.sleep(0.02)
        now[0] -= 1
        return web.Response(body=request.path.encode())

    shop.images, shop.faults = {}, {f"/p/{i}": busy for i in range(30)}
    crawl(concurrent_requests=concurrent, concurrent_per_host=of_a_host)
    assert most == [expected]


class Plain:
    """Answers at once."""

    def process_request(self, request: Any) -> Any:
        return request.meta.get("answer")

    def process_response(self, request: Any, response: Any) -> Any:
        return request.meta.get("another", response)


class Waiting(Plain):
    """Answers later."""

    async def process_request(self, request: Any) -> Any:
        await asyncio.sleep(0)
        return super().process_request(request)

    async def process_response(self, request: Any, response: Any) -> Any:
        await asyncio.sleep(0)
        return super().process_response(request, response)


REQUEST, RESPONSE = Request("http://a.org/1"), Response("http://a.org/2")


@pytest.mark.parametrize("kind", [Plain, Waiting])
@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({}, RESPONSE),
        ({"answer": REQUEST}, REQUEST),
        ({"answer": RESPONSE, "another": REQUEST}, REQUEST),
        ({"answer": 0}, TypeError),
        ({"answer": b"body"}, TypeError),
        ({"another": None}, TypeError),
        ({"another": []}, TypeError),
    ],
)
def test_a_middleware_may_answer_at_once_or_later(
    kind: type[Plain], meta: dict[str, Any], expected: Any
) -> None:
    async def download(request: Request) -> Response:
        return RESPONSE

    async def ask() -> Any:
        chain = PlainMiddlewares(kind(), crawler=SimpleNamespace())
        return await chain.download_async(download, Request("http://a.org/", meta=meta))

    if expected is TypeError:
        with pytest.raises(TypeError, match=f"{kind.__name__}.process_re.* must return"):
            asyncio.run(ask())
    else:
        assert asyncio.run(ask()) is expected
