"""Images at the URLs that were linked, and at others where those fail."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from crawler.network.ways import SMALLER, Ways
from crawler.store.store import Store
from crawler.store.stored import Fetched
from crawler.store.tombstones import Tombstones
from tests.crawler.kept import bytes_of, raw

Crawl = Callable[..., dict[str, Any]]

LINK = "http://a.org/1.jpg"
BY_HTTPS = "https://a.org/1.jpg"
THUMBNAIL = "https://search.pstatic.net/common/?src=http%3A%2F%2Fa.org%2F1.jpg&type=b150"
RESIZED = "https://shop1.phinf.naver.net/a.jpg?type=w860"
ORIGINAL = "https://shop1.phinf.naver.net/a.jpg"


def test_what_was_linked_is_requested_first() -> None:
    for link in (LINK, BY_HTTPS, "https://postfiles.pstatic.net/a.jpg?type=w966"):
        assert Ways().first(link) == link
    assert Ways().first(THUMBNAIL) == LINK
    assert Ways().first(RESIZED) == ORIGINAL


ANSWERS = ["HTTP_404", "HTTP_403", "HTTP_500", "HTTP_503", "EMPTY", "NOT_AN_IMAGE", "REDIRECTS"]
FORBIDDEN = ["ROBOTS", "OPTED_OUT", "FORGOTTEN", "PRIVATE_ADDRESS", "HTTP_429", "TOO_LARGE"]


@pytest.mark.parametrize("reason", [*ANSWERS, "UNREACHABLE", "TIMEOUT", "BROKEN_TRANSFER"])
def test_a_link_by_http_that_fails_is_tried_by_https_once(reason: str) -> None:
    ways = Ways()
    assert ways.next(LINK, [LINK], reason) == BY_HTTPS
    assert ways.next(LINK, [LINK, BY_HTTPS], reason) is None
    assert ways.next(BY_HTTPS, [BY_HTTPS], reason) is None
    assert ways.next("http://a.org:8080/1.jpg", ["http://a.org:8080/1.jpg"], reason) is None


@pytest.mark.parametrize("reason", FORBIDDEN)
def test_what_is_forbidden_or_postponed_is_not_asked_for_in_another_way(reason: str) -> None:
    assert Ways().next(LINK, [LINK], reason) is None
    assert Ways().next(THUMBNAIL, [LINK], reason) is None
    assert Ways().next(RESIZED, [ORIGINAL], reason) is None


def test_a_site_that_serves_is_believed_about_its_images_but_not_about_the_network() -> None:
    ways = Ways()
    ways.served("http://a.org/2.jpg")
    assert ways.next(LINK, [LINK], "HTTP_404") is None
    assert ways.next(LINK, [LINK], "TIMEOUT") == BY_HTTPS
    assert ways.first(LINK) == LINK


def test_a_site_that_does_not_answer_is_asked_after_others_until_it_serves() -> None:
    ways = Ways()
    ways.next(LINK, [LINK], "UNREACHABLE")
    assert ways.first("http://a.org/2.jpg") == "https://a.org/2.jpg"
    ways.served(LINK)
    assert ways.first("http://a.org/2.jpg") == "http://a.org/2.jpg"


def test_an_original_that_fails_or_is_smaller_is_asked_for_as_it_was_linked() -> None:
    for reason in ("HTTP_404", "NOT_AN_IMAGE", "TOO_SMALL", SMALLER):
        assert Ways().next(RESIZED, [ORIGINAL], reason) == RESIZED
        assert Ways().next(RESIZED, [ORIGINAL, RESIZED], reason) is None
    assert Ways().next(THUMBNAIL, [LINK, BY_HTTPS], "HTTP_404") == THUMBNAIL
    assert Ways().next(LINK, [LINK], SMALLER) is None


def list_of(tmp_path: Path, links: list[str], header: str = "") -> dict[str, Any]:
    """Parameters of a crawl of a list."""
    name = tmp_path / ("list.csv" if header else "list.txt")
    name.write_text("\n".join([header, *links] if header else links))
    return {"provider": "urls", "url_list": str(name), "contact": "me@example.org"}


def signed(path: str) -> str:
    mark = "&" if "?" in path else "?"
    return f"{path}{mark}sig={hashlib.sha256(path.encode()).hexdigest()[:8]}"


SPELT = [
    *("/p/%ec%83%81.jpg", "/p/a%2fb.jpg", "/p/[1].jpg", "/p/{1}|2.jpg", "/p/%7Ea.jpg", "/p/100%.jpg"),
    *("/p/x.jpg?", "/p//y.jpg", "/p/;v=1,2/w.jpg", "/p/q.jpg?at=2026%3a11&b&&c=[1]'"),
]


@pytest.mark.parametrize("redirected", [False, True])
def test_a_signed_address_is_requested_in_its_own_letters(
    shop: Any, crawl: Crawl, tmp_path: Path, redirected: bool
) -> None:
    async def answer(request: web.Request) -> web.Response:
        path = request.raw_path
        shop.raw_paths.append(path)
        if path.startswith("/go/"):
            return web.Response(status=302, headers={"Location": signed(SPELT[int(path[4:])])})
        good = path == signed(path.rpartition("sig=")[0][:-1])
        return web.Response(status=200 if good else 403, body=path.encode())

    shop.answer_all = answer
    paths = [f"/go/{at}" for at in range(len(SPELT))] if redirected else list(map(signed, SPELT))
    figures = crawl(**list_of(tmp_path, [shop.address + path for path in paths]))
    assert (figures["fetched"], figures["failed"]) == (len(SPELT), {})
    assert set(map(signed, SPELT)) <= set(shop.raw_paths)


def test_what_cannot_be_sent_is_escaped_as_browsers_do(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    shop.images = {"/p/상 의.jpg": b"x"}
    assert crawl(**list_of(tmp_path, [f"{shop.address}/p/상 의.jpg#top"]))["fetched"] == 1
    assert "/p/%EC%83%81%20%EC%9D%98.jpg" in shop.raw_paths


def test_images_of_an_older_store_are_not_fetched_again(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    """It asked at canonical addresses, and recorded those."""
    links = ["http://shop1.phinf.naver.net/%ec%83%81.jpg?type=w300", "http://a.org/x.jpg?v=[1]"]
    known = ["https://shop1.phinf.naver.net/%EC%83%81.jpg", "https://a.org/x.jpg?v=%5B1%5D"]
    with Store(tmp_path / "store", Tombstones(tmp_path / "t")) as store:
        for url in known:
            store.keep(Fetched(url, url.encode(), "", "2026-01-01", {"final_url": url}))
    figures = crawl(**list_of(tmp_path, links))
    assert (figures["reused"], figures["fetched"], figures["failed"]) == (2, 0, {})


def gif(side: int) -> bytes:
    return b"GIF89a" + side.to_bytes(2, "little") * 2 + bytes(20)


def test_a_preview_is_replaced_by_what_was_linked_and_kept_where_that_fails(
    shop: Any, crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.network.addresses.IMAGE_HOSTS", ("127.0.0.1",))
    monkeypatch.setattr("crawler.network.addresses.ORIGINALS", ("127.0.0.1",))
    sides = {"/p/a": (80, 966), "/p/b": (80, None), "/p/c": (966, 500), "/p/d": (700, 600)}

    def answer(request: web.Request) -> web.Response:
        side = sides[request.path]["type" in request.query]
        return web.Response(body=gif(side)) if side else web.Response(status=404)

    shop.images, shop.faults = {}, dict.fromkeys(sides, answer)
    crawl(**list_of(tmp_path, [f"{shop.address}{path}?type=w800" for path in sides]))
    got = {
        urlsplit(record.url).path: int.from_bytes(bytes_of(tmp_path / "raw", record)[6:8], "little")
        for record in raw(tmp_path)
    }
    assert got == {"/p/a": 966, "/p/b": 80, "/p/c": 966, "/p/d": 700}
    assert shop.requests["/p/c"] == 1  # the original is as large as its link says


def test_a_preview_of_an_older_store_is_fetched_again_once(
    shop: Any, crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.network.addresses.IMAGE_HOSTS", ("127.0.0.1",))
    with Store(tmp_path / "store", Tombstones(tmp_path / "t")) as store:
        for name, side in (("small", 80), ("large", 966)):
            url = f"{shop.address}/p/{name}"
            store.keep(Fetched(url, gif(side), "", "2026-01-01", {"final_url": url}))
    shop.faults = {f"/p/{name}": lambda request: web.Response(body=gif(700)) for name in ("small", "large")}
    shop.images = {}
    rows = [f"{shop.address}/p/{name}?type=w966" for name in ("small", "large")]
    listed = list_of(tmp_path, rows)
    assert [crawl(**listed)["fetched"] for _ in range(2)] == [1, 0]
    assert shop.fetched() == {"/p/small": 1}
