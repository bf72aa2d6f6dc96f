"""The limit of concurrent requests."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

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
        return web.Response(body=b"x")

    shop.images, shop.faults = {}, {f"/p/{i}": busy for i in range(30)}
    crawl(concurrent_requests=concurrent, concurrent_per_host=of_a_host)
    assert most == [expected]
