"""Hosts with a Referer and a pace of their own."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from crawler.network.host_rules import referer_of, rules_at
from fashion_pggan.params import HostRules, load_params

Crawl = Callable[..., dict[str, Any]]

IMAGE = "https://image.shop.example/1.jpg"


@pytest.mark.parametrize(
    ("rule", "page", "said"),
    [
        ("", "https://shop.example/goods/1", ""),
        ("page", "https://shop.example/goods/1?q=x#y", "https://shop.example/"),
        ("page", "https://image.shop.example/goods/1?q=x#y", "https://image.shop.example/goods/1?q=x"),
        ("page", "", ""),
        ("page", "javascript:alert(1)", ""),
        ("page", "https://shop.example/a\r\nX-Evil: 1", ""),
        ("page", "https://shop.example/상품 1", "https://shop.example/"),
        (
            "page",
            "HTTPS://me:pw@Image.Shop.example/상품 1#y",
            "https://image.shop.example/%EC%83%81%ED%92%88%201",
        ),
        ("page", "https://쇼핑.example/a", "https://xn--hp4bo76a.example/"),
        ("page", "https://a b/", ""),
        ("search", "https://shop.example/goods/1", "https://search.naver.com/"),
        ("https://shop.example/", "", "https://shop.example/"),
    ],
)
def test_a_referer_names_the_page_as_a_browser_would(rule: str, page: str, said: str) -> None:
    assert referer_of(rule, IMAGE, page, "naver_hub") == said


def test_the_first_name_that_fits_a_host_counts() -> None:
    rules = {"a.shop.example": HostRules(delay_s=1), "*.Shop.example": HostRules(delay_s=2)}
    settings = {"CRAWL_HOSTS": rules}
    urls = ["https://a.shop.example/1", "http://b.shop.example:80/1", "https://shop.example/1"]
    assert [rules_at(settings, url).delay_s for url in urls] == [1, 2, 0]


def test_a_host_gets_the_referer_that_it_wants_and_no_other_host_does(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    async def answer(request: web.Request) -> web.Response:
        shop.headers.setdefault(request.path, []).append(dict(request.headers))
        wants = request.path.startswith("/p/wants")
        return web.Response(status=403 if wants and "Referer" not in request.headers else 200, body=b"x")

    shop.answer_all = answer
    rows = [f"{shop.address}/p/wants{at}.jpg,https://shop.example/goods/{at}" for at in range(3)]
    (tmp_path / "list.csv").write_text("\n".join(["url,page", *rows]))
    listed = {"provider": "urls", "url_list": str(tmp_path / "list.csv"), "contact": "me@example.org"}
    with pytest.raises(ValueError, match=r"HTTP_403 3\): read in docs/how-to/permission.md about hosts"):
        crawl(**listed)
    figures = crawl(**listed, hosts={"127.0.0.1": {"referer": "page"}})  # tried again under other rules
    assert (figures["fetched"], figures["failed"]) == (3, {})
    assert shop.headers["/p/wants1.jpg"][-1]["Referer"] == "https://shop.example/"
    assert all("Referer" not in asked for asked in shop.headers["/robots.txt"])


def test_a_host_has_a_pause_of_its_own(shop: Any, crawl: Crawl) -> None:
    shop.images = dict(list(shop.images.items())[:4])
    began = time.monotonic()
    assert crawl(hosts={"127.0.0.1": {"delay_s": 0.1}})["fetched"] == 4
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(
    "hosts",
    [
        {"https://a.org/": {"delay_s": 1.0}},
        {"a.org": {"referer": "home"}},
        {"a.org": {"delay_s": -1.0}},
        {"a.org": {"delay": 1.0}},
        {"a.org": {"referer": "https://a.org/\r\nX: y"}},
    ],
)
def test_a_rule_that_cannot_hold_is_refused(params_file: Callable[..., Path], hosts: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"crawl\.hosts"):
        load_params(params_file(hosts=hosts))
