"""What servers send beside what they announce; proxies; Scrapy's signals."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from scrapy import signals
from scrapy.exceptions import StopDownload

from crawler.network.handler import ImageHandler
from crawler.spiders.naver_tops import NaverTops
from fashion_pggan.storage.records import RawImage, read_records
from tests.crawler.kept import bytes_of

Crawl = Callable[..., dict[str, Any]]


@contextmanager
def server_that_says(*parts: bytes) -> Iterator[str]:
    """The address of a server that sends these parts to whoever connects, each some time after the other."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                while b"\r\n\r\n" not in connection.recv(65536):
                    pass
                for part in parts:
                    connection.sendall(part)
                    time.sleep(0.05)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


ANNOUNCED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nimage"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nimage\r\n"


@pytest.mark.parametrize(
    ("parts", "failed"),
    [
        ((ANNOUNCED,), {}),
        ((ANNOUNCED + b"and more",), {}),
        ((ANNOUNCED, b"and more"), {}),
        ((ANNOUNCED[:-3], ANNOUNCED[-3:] + b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"), {}),
        ((b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ANNOUNCED,), {}),
        ((CHUNKED + b"0\r\nContent-Length: 99\r\n\r\n",), {}),
        ((ANNOUNCED.replace(b"Content", b"no colon\r\nContent"),), {}),
        ((ANNOUNCED.replace(b"Content", b"X: \0\r\nno colon\r\nContent"), b"and more"), {}),
        ((CHUNKED.replace(b"Transfer", b'"\r\nTransfer') + b"0\r\n\r\n",), {}),
        ((ANNOUNCED.replace(b"Content", b"no colon\r\nX-Robots-Tag: noai\r\nContent"),), {"OPTED_OUT": 1}),
        ((ANNOUNCED.replace(b"Content", b"no colon\r\nContent")[:-1],), {"BROKEN_TRANSFER": 1}),
        ((ANNOUNCED.replace(b"200", b"404").replace(b"Content", b"no colon\r\nContent"),), {"HTTP_404": 1}),
        ((b"HTTP/1.1 200 OK\r\n\r\nimage",), {}),
        ((ANNOUNCED[:-3],), {"BROKEN_TRANSFER": 1}),
        ((CHUNKED,), {"BROKEN_TRANSFER": 1}),
        ((ANNOUNCED.replace(b"\r\n\r\n", b"\r\nContent-Length: 9\r\n\r\n"),), {"BROKEN_TRANSFER": 1}),
        ((b"image",), {"BROKEN_TRANSFER": 1}),
        ((b"HTTP/1.1 200 OK\r\n" + b"A: " + b"a" * 2_000_000,), {"BROKEN_TRANSFER": 1}),
        ((b"",), {"BROKEN_TRANSFER": 1}),
        ((ANNOUNCED.replace(b" 5", b" 0" + b"0" * 30 + b"5"),), {}),
        ((ANNOUNCED.replace(b" 5", b" " + b"9" * 20),), {"ROBOTS_UNREADABLE": 1}),  # so robots.txt is, too
        ((ANNOUNCED.replace(b" 5", b" " + b"9" * 5000),), {"ROBOTS_UNREADABLE": 1}),
        ((ANNOUNCED.replace(b"Content", b"HTTP/1.1 404: no\r\nHTTP/x: y\r\nContent"),), {}),
        ((ANNOUNCED.replace(b"200 OK", b"foo: bar"),), {"BROKEN_TRANSFER": 1}),
        ((ANNOUNCED.replace(b"HTTP/1.1", b"HTTP/2"),), {"BROKEN_TRANSFER": 1}),
        ((ANNOUNCED.replace(b"HTTP/1.1 200", b"HTTP/x 200:"),), {"BROKEN_TRANSFER": 1}),
        ((b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" + ANNOUNCED,), {"BROKEN_TRANSFER": 1}),
    ],
)  # fmt: skip
def test_a_body_is_what_was_announced_whatever_follows_and_whenever(
    crawl: Crawl,
    shop: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    parts: tuple[bytes, ...],
    failed: dict[str, int],
) -> None:
    with server_that_says(*parts) as address:
        shop.images = {"/p/1.jpg": b"first"}
        shop.faults["/p/away"] = lambda request: web.Response(
            status=302, headers={"Location": f"{address}/image"}
        )
        mine = frozenset({shop.address.removeprefix("http://"), address.removeprefix("http://")})
        monkeypatch.setattr(ImageHandler, "_private", lambda self: mine)
        figures = crawl(retries=0)
    assert figures["failed"] == failed
    records = read_records(tmp_path / "raw/records.parquet", RawImage)
    bodies = {bytes_of(tmp_path / "raw", record) for record in records}
    assert bodies == ({b"first"} if failed else {b"first", b"image"})


WHOLE = b"\xff\xd8\xff\xda \xff\xd9"
IN_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n" + WHOLE
TOO_LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + WHOLE


def saying(text: bytes) -> Callable[[web.Request], web.Response]:
    """An answer of these bytes, at whose end the connection closes."""

    def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.write(text)
        request.transport.close()
        return web.Response()

    return answer


@pytest.mark.parametrize("said", [IN_CHUNKS, IN_CHUNKS + b"\r\n", TOO_LONG])
@pytest.mark.parametrize("first", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nno colon\r\n"])
def test_a_whole_image_is_taken_although_its_transfer_broke_off(
    crawl: Crawl, shop: Any, tmp_path: Path, said: bytes, first: bytes
) -> None:
    said = said.replace(b"HTTP/1.1 200 OK\r\n", first)
    shop.images = {"/p/1.jpg": b"first"}
    shop.faults = {"/p/whole": saying(said), "/p/cut": saying(said.replace(WHOLE, WHOLE[:-2]))}
    assert crawl(retries=0)["failed"] == {"BROKEN_TRANSFER": 1}
    records = read_records(tmp_path / "raw/records.parquet", RawImage)
    (broken,) = [record for record in records if record.broken_off]
    assert bytes_of(tmp_path / "raw", broken) == WHOLE


OPTED_OUT = b"HTTP/1.1 200 OK\r\nX-Robots-Tag: noai\r\nHTTP/1.1 200 OK: yes\r\nContent-Length: 5\r\n\r\nimage"


def test_nothing_in_a_header_takes_back_its_owners_no(
    crawl: Crawl, shop: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    links = tmp_path / "links.txt"
    with server_that_says(OPTED_OUT) as address:
        links.write_text(f"{shop.address}/p/1.jpg\n{address}/a.jpg")
        mine = frozenset({shop.address.removeprefix("http://"), address.removeprefix("http://")})
        monkeypatch.setattr(ImageHandler, "_private", lambda self: mine)
        monkeypatch.setattr("crawler.network.robots.middleware.Robots.process_request", _nothing)
        figures = crawl(provider="urls", url_list=str(links), contact="mail@example.org", retries=0)
    assert figures["failed"] == {"OPTED_OUT": 1}


async def _nothing(self: Any, request: Any) -> None:
    return None


def test_a_proxy_of_the_user_is_asked_though_it_is_private(
    crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = tmp_path / "links.txt"
    links.write_text("http://images.example/a.jpg\nhttps://images.example/b.jpg\n")
    with server_that_says(ANNOUNCED) as plain, server_that_says(b"HTTP/1.1 403 No\r\n\r\n") as closed:
        monkeypatch.setenv("http_proxy", plain)
        monkeypatch.setenv("https_proxy", closed)
        figures = crawl(provider="urls", url_list=str(links), contact="mail@example.org", retries=0)
    assert figures["images"] == 1
    assert figures["failed"].keys() <= {"BROKEN_TRANSFER", "UNREACHABLE", "ROBOTS_UNREADABLE"}
    assert sum(figures["failed"].values()) == 1


def test_the_proxy_itself_is_no_address_that_links_may_name(
    crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = tmp_path / "links.txt"
    with server_that_says(ANNOUNCED) as proxy:
        links.write_text(f"http://images.example/a.jpg\n{proxy}/admin")
        monkeypatch.setenv("http_proxy", proxy)
        options = {"concurrent_requests": 1, "contact": "mail@example.org", "retries": 0}
        figures = crawl(provider="urls", url_list=str(links), **options)
    assert (figures["images"], figures["failed"]) == (1, {"PRIVATE_ADDRESS": 1})


def test_the_environments_proxy_is_not_the_demo_shops(
    shop: Any, crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert crawl()["failed"] == {}


def test_where_the_demo_shop_leads_elsewhere_the_environments_proxy_is_asked(
    shop: Any, crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moved(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://images.example/a.jpg"})

    shop.images = {}
    shop.faults = {"/moved/1.jpg": moved}
    with server_that_says(ANNOUNCED) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        figures = crawl()
    assert (figures["images"], figures["failed"]) == (1, {})


def test_listeners_of_scrapys_signals_may_stop_a_download(
    shop: Any, crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = NaverTops.from_crawler.__func__

    def from_crawler(cls: Any, crawler: Any, *arguments: Any, **options: Any) -> Any:
        def stop(data: bytes, request: Any, **rest: Any) -> None:
            raise StopDownload(fail=request.url.endswith("/p/1.jpg"))

        spider = real(cls, crawler, *arguments, **options)
        spider.stop = stop  # kept: signals hold listeners weakly
        crawler.signals.connect(stop, signals.bytes_received)
        return spider

    monkeypatch.setattr(NaverTops, "from_crawler", classmethod(from_crawler))
    figures = crawl()
    assert (figures["images"], figures["failed"]) == (29, {"STOPDOWNLOAD": 1})
