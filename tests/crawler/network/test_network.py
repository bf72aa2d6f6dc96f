"""What the network may say, and what is believed of it: addresses, headers, sizes, opt-outs, compression."""

import asyncio
import gzip
import io
import os
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pycurl
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scrapy import Request, signals
from scrapy.exceptions import StopDownload
from scrapy.settings import Settings

from crawler.answer.answer import Answer, Wishes
from crawler.answer.encoding import decoded, encodings_of
from crawler.answer.failures import RefusedError
from crawler.answer.header import size_of
from crawler.answer.permission import opted_out
from crawler.network.addresses import canonical_url
from crawler.network.handler import ImageHandler
from crawler.network.middlewares import Host
from crawler.network.pauses import pause_before, retry_after_s
from crawler.network.public import Gateway, check_address, is_public
from crawler.network.transfers import Transfers
from crawler.providers.quota import TokenBucket, seconds_to_midnight_in_korea
from crawler.spiders.naver_tops import NaverTops
from crawler.store.store import images_of
from fashion_pggan.errors import PassingError
from fashion_pggan.storage.records import RawImage, read_records

Crawl = Callable[..., dict[str, Any]]
JPEG = b"\xff\xd8\xff\xe0" + bytes(200)


def encoded(form: str, size: tuple[int, int] = (37, 53), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 30, 60)).save(file, form, **options)
    return file.getvalue()


# sizes from headers


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "exif": b"Exif\0\0" + bytes(9000)}),
        ("PNG", {}),
        ("GIF", {}),
        ("BMP", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"Exif\0\0" + bytes(90)}),  # VP8X
    ],
)
def test_a_size_is_read_from_the_first_bytes_and_never_guessed(form: str, options: dict[str, Any]) -> None:
    body = encoded(form, **options)
    assert size_of(body) == (37, 53)
    sizes = {size_of(body[:length]) for length in range(min(len(body), 12_000))}
    assert sizes <= {None, (37, 53)}


@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda rest: b"\xff\xd8\xff" + rest))
def test_any_bytes_have_a_size_or_none(begin: bytes) -> None:
    size = size_of(begin)
    assert size is None or min(size) >= 0


# opt-outs


@pytest.mark.parametrize(
    ("tags", "reservations", "signal"),
    [
        ([], [], ""),
        (["all"], ["0"], ""),
        (["noai"], [], "noai"),
        (["NoImageAI, noarchive"], [], "noimageai"),
        (["noarchive", "noindex"], [], "noindex"),
        (["none"], [], "none"),
        (["googlebot: noindex"], [], ""),
        (["googlebot: noindex, noai"], [], ""),
        (["fashion-pggan: noai"], [], "noai"),
        (["*: noai"], [], "noai"),
        (["otherbot: noindex, fashion-pggan: noindex"], [], "noindex"),
        (["unavailable_after: 25 Jun 2030 15:00:00 PST, noai"], [], "noai"),
        (["unavailable_after: Fri, 25 Jun 2032 15:00:00 GMT, noai"], [], "noai"),
        (["otherbot: unavailable_after: Fri, 25 Jun 2032 15:00:00 GMT, noai"], [], ""),
        (["noarchive noimageai"], [], "noimageai"),
        (["NOARCHIVE;NOAI"], [], "noai"),
        ([], ["1"], "tdm-reservation"),
        ([], [" 1 "], "tdm-reservation"),
        ([], ["1", "0"], "tdm-reservation"),
        ([], ["0, 1"], "tdm-reservation"),
    ],
)
def test_an_owners_no_is_read_from_the_headers(tags: list[str], reservations: list[str], signal: str) -> None:
    assert opted_out(tags, reservations, "fashion-pggan") == signal


def test_images_whose_owner_says_no_are_counted_and_their_bodies_not_read(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    shop.faults["/p/noai"] = lambda request: web.Response(body=b"x", headers={"X-Robots-Tag": "noai"})
    shop.faults["/p/tdm"] = lambda request: web.Response(body=b"x", headers={"TDM-Reservation": "1"})
    assert crawl()["failed"] == {"OPTED_OUT": 2}
    figures = crawl(obey_opt_out=False)
    assert (figures["failed"], figures["images"]) == ({}, 32)
    tags = {record.robots_tag for record in read_records(tmp_path / "raw/records.parquet", RawImage)}
    assert tags == {"", "noai"}


def test_what_was_fetched_against_an_owners_no_is_left_out_once_it_is_obeyed(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    shop.faults["/p/noai"] = lambda request: web.Response(body=b"x", headers={"X-Robots-Tag": "noai"})
    shop.images = {"/p/small": jpeg(20, 20), "/p/vast": jpeg(9000, 9000), "/p/heavy": jpeg(99, 99) * 9}
    shop.images["/p/good"] = jpeg(99, 99)
    assert crawl(obey_opt_out=False)["images"] == 5
    figures = crawl(min_side=50, max_pixels=10**6, max_bytes=500)
    assert figures["failed"] == {"OPTED_OUT": 1, "TOO_LARGE": 1, "TOO_MANY_PIXELS": 1, "TOO_SMALL": 1}
    assert (figures["images"], figures["fetched"], figures["reused"]) == (1, 0, 1)
    (record,) = read_records(tmp_path / "raw/records.parquet", RawImage)
    assert record.url.endswith("/p/good")


def test_an_owners_no_in_an_error_is_no_word_about_the_image(shop: Any, crawl: Crawl) -> None:
    asked: list[bool] = []

    def busy(request: web.Request) -> web.Response:
        asked.append(True)
        again = len(asked) > 1
        return (
            web.Response(body=JPEG) if again else web.Response(status=503, headers={"X-Robots-Tag": "none"})
        )

    shop.faults["/p/busy"] = busy
    assert crawl()["failed"] == {}


# sizes on the way


def jpeg(width: int, height: int) -> bytes:
    return b"\xff\xd8\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + bytes(64)


def test_an_image_that_is_too_small_is_stopped_by_its_first_bytes(shop: Any, crawl: Crawl) -> None:
    sent: list[int] = []

    async def slowly(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(8 * 1024 * 1024)})
        await response.prepare(request)
        try:
            await response.write(jpeg(300, 800))
            for part in range(8 * 16):
                await response.write(bytes(64 * 1024))
                sent.append(part)
                await asyncio.sleep(0.01)
        except ConnectionError:
            pass
        return response

    shop.images = {"/p/large.jpg": jpeg(512, 512), "/p/pixels.jpg": jpeg(60_000, 60_000)}
    shop.faults["/p/small.jpg"] = slowly
    figures = crawl(min_side=512, max_pixels=10**8)
    assert figures["failed"] == {"TOO_MANY_PIXELS": 1, "TOO_SMALL": 1}
    assert figures["images"] == 1
    assert len(sent) < 8 * 16


def test_a_declared_size_that_is_too_small_is_not_asked_for(shop: Any, crawl: Crawl) -> None:
    shop.sizes = ("500", "900")
    with pytest.raises(ValueError, match=r"no images for 셔츠 \(left out: DECLARED_TOO_SMALL 30\)"):
        crawl(min_side=512)
    assert not shop.fetched()


# compression


def test_a_compressed_image_is_stored_as_it_was_before(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    shop.images = {}
    shop.faults["/p/gzip"] = lambda request: web.Response(
        body=gzip.compress(b"the image"), headers={"Content-Encoding": "gzip"}
    )
    crawl()
    (record,) = read_records(tmp_path / "raw/records.parquet", RawImage)
    assert (tmp_path / "raw" / record.file).read_bytes() == b"the image"


@pytest.mark.parametrize(
    ("body", "encoding", "reason"),
    [
        (gzip.compress(JPEG)[:-5], "gzip", "BROKEN_TRANSFER"),
        (b"no gzip", "gzip", "BROKEN_TRANSFER"),
        (zlib.compress(JPEG)[:-5], "deflate", "BROKEN_TRANSFER"),
        (JPEG, "br", "ENCODED"),
        (gzip.compress(JPEG), "gzip, x", "ENCODED"),
    ],
)
def test_a_body_whose_encoding_is_not_whole_or_not_known_is_no_image(
    shop: Any, crawl: Crawl, body: bytes, encoding: str, reason: str
) -> None:
    shop.faults["/p/1.jpg"] = lambda request: web.Response(body=body, headers={"Content-Encoding": encoding})
    assert crawl(retries=0)["failed"] == {reason: 1}


def test_every_member_and_every_form_of_an_encoding_is_decoded() -> None:
    raw = zlib.compressobj(wbits=-15)
    headerless = raw.compress(JPEG) + raw.flush()
    assert decoded(gzip.compress(b"one, ") + gzip.compress(b"two"), [b"gzip"], 0) == b"one, two"
    assert decoded(headerless, [b"deflate"], 0) == decoded(zlib.compress(JPEG), [b"deflate"], 0) == JPEG
    assert decoded(zlib.compress(gzip.compress(JPEG)), [b"gzip", b"deflate"], 300) == JPEG
    assert len(decoded(gzip.compress(bytes(99)) * 9, [b"gzip"], 500)) == 501
    assert encodings_of([b"identity, aws-chunked", b"GZIP"]) == [b"gzip"]
    assert decoded(b"", [b"gzip"], 0) == b""


@pytest.mark.parametrize(("encoding", "encode"), [("gzip", gzip.compress), ("identity", bytes), ("", bytes)])
def test_an_encoding_does_not_hide_a_size_that_is_not_wanted(
    shop: Any, crawl: Crawl, encoding: str, encode: Callable[[bytes], bytes]
) -> None:
    shop.images = {"/p/good.jpg": jpeg(500, 500)}
    for name, size in (("small", (20, 20)), ("vast", (60_000, 60_000))):
        body = encode(jpeg(*size))
        shop.faults[f"/p/{name}"] = lambda request, body=body: web.Response(
            body=body, headers={"Content-Encoding": encoding}
        )
    figures = crawl(min_side=50, max_pixels=10**8)
    assert (figures["images"], figures["failed"]) == (1, {"TOO_MANY_PIXELS": 1, "TOO_SMALL": 1})


def test_a_bomb_is_not_unpacked(shop: Any, crawl: Crawl) -> None:
    bomb = gzip.compress(bytes(50 * 1024 * 1024))
    shop.faults["/p/bomb"] = lambda request: web.Response(body=bomb, headers={"Content-Encoding": "gzip"})
    assert crawl(max_bytes=1_000_000)["failed"] == {"TOO_LARGE": 1}


# addresses


PRIVATE = (
    "127.0.0.1", "127.0.0.2", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::",
    "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "fd00:ec2::254", "nothing", "192.0.0.192", "168.63.129.16",
    "192.88.99.1", "::127.0.0.1", "fec0::1", "64:ff9b:1::8.8.8.8",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_of_the_internet_is_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808"])
def test_what_is_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://a.org/x",
        "data:,x",
        "http:///x",
        "gopher://a",
        "http://[::1]/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://017700000001/",
    ],
)
def test_what_is_no_public_web_address_is_refused(url: str) -> None:
    with pytest.raises(RefusedError):
        check_address(url, frozenset())


def test_only_the_port_that_was_named_may_be_private() -> None:
    check_address("http://127.0.0.1:8000/a", frozenset({"127.0.0.1:8000"}))
    with pytest.raises(RefusedError):
        check_address("http://127.0.0.1:8001/a", frozenset({"127.0.0.1:8000"}))


class _Address(NamedTuple):
    family: int
    socktype: int
    protocol: int
    addr: tuple[Any, ...]


def test_a_socket_is_opened_to_public_addresses_and_to_the_named_port_alone() -> None:
    def opened(gateway: Gateway, host: str, port: int) -> bool:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        number = gateway.open(0, _Address(family, socket.SOCK_STREAM, 6, (host, port)))
        if number != pycurl.SOCKET_BAD:
            os.close(number)
        return number != pycurl.SOCKET_BAD

    strict, named = Gateway("a.org:80", frozenset()), Gateway("shop:8000", frozenset({"shop:8000"}))
    assert [opened(strict, host, 80) for host in ("8.8.8.8", "10.0.0.1", "::1")] == [True, False, False]
    assert strict.refused
    assert strict.refused.reason == "PRIVATE_ADDRESS"
    assert opened(strict, "8.8.8.8", 80)
    assert strict.refused is None
    assert [opened(named, "127.0.0.1", port) for port in (8000, 8001, 18000)] == [True, False, False]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://169.254.169.254/latest/meta-data/", "PRIVATE_ADDRESS"),
        ("http://127.0.0.2/", "PRIVATE_ADDRESS"),
        ("http://localhost:{port}/p/1.jpg", "PRIVATE_ADDRESS"),
        ("http://[::1]:{port}/p/1.jpg", "PRIVATE_ADDRESS"),
        ("//127.0.0.1:1/p/1.jpg", "PRIVATE_ADDRESS"),
    ],
)
def test_a_redirect_to_a_private_address_is_refused(
    shop: Any, crawl: Crawl, target: str, reason: str
) -> None:
    location = target.format(port=shop.address.rpartition(":")[2])
    shop.faults["/p/away"] = lambda request: web.Response(status=302, headers={"Location": location})
    assert crawl()["failed"] == {reason: 1}
    assert shop.requests["/p/1.jpg"] == 1


def test_a_link_to_a_private_address_is_refused(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    links = tmp_path / "links.txt"
    addresses = ["http://10.0.0.1/a.jpg", "http://localhost:9/b.jpg", "file:///etc/passwd"]
    links.write_text("\n".join([f"{shop.address}/p/1.jpg", *addresses]))
    figures = crawl(provider="urls", url_list=str(links), contact="mail@example.org")
    assert (figures["failed"], figures["left_out"]) == ({"PRIVATE_ADDRESS": 2}, {"BAD_ADDRESS": 1})
    assert (figures["images"], figures["calls"], figures["provider"]) == (1, 0, "urls")


# what servers send beside what they announce


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
WISHES = {
    "ROBOTSTXT_USER_AGENT": "bot",
    "CRAWL_MIN_SIDE": 64,
    "CRAWL_OBEY_OPT_OUT": True,
    "CRAWL_MAX_PIXELS": 0,
}
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
    bodies = {(tmp_path / "raw" / record.file).read_bytes() for record in records}
    assert bodies == ({b"first"} if failed else {b"first", b"image"})


OPTED_OUT = b"HTTP/1.1 200 OK\r\nX-Robots-Tag: noai\r\nHTTP/1.1 200 OK: yes\r\nContent-Length: 5\r\n\r\nimage"


def test_nothing_in_a_header_takes_back_its_owners_no(
    crawl: Crawl, shop: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    links = tmp_path / "links.txt"
    with server_that_says(OPTED_OUT) as address:
        links.write_text(f"{shop.address}/p/1.jpg\n{address}/a.jpg")
        mine = frozenset({shop.address.removeprefix("http://"), address.removeprefix("http://")})
        monkeypatch.setattr(ImageHandler, "_private", lambda self: mine)
        monkeypatch.setattr("crawler.network.middlewares.Robots.process_request", _nothing)
        figures = crawl(provider="urls", url_list=str(links), contact="mail@example.org", retries=0)
    assert figures["failed"] == {"OPTED_OUT": 1}


async def _nothing(self: Any, request: Any) -> None:
    return None


@pytest.mark.parametrize("late_s", [0.0, 0.05])
@pytest.mark.parametrize("unasked", [b"and more", ANNOUNCED.replace(b"image", b"other")])
def test_what_comes_on_a_waiting_connection_is_not_the_next_answer(late_s: float, unasked: bytes) -> None:
    """The server answers each request once with its number, and then says more than it was asked for."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            for number in range(1, 9):
                if not connection.recv(65536):
                    return
                connection.sendall(ANNOUNCED.replace(b"image", b"no. %d" % number))
                if number == 2:
                    time.sleep(late_s)
                    connection.sendall(unasked)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=[listener.accept()[0]]).start()

    async def ask() -> list[bytes]:
        transfers = Transfers(4)
        answers = []
        for _ in range(6):
            easy, parts = transfers.handle(), list[bytes]()
            easy.setopt(pycurl.URL, f"http://127.0.0.1:{listener.getsockname()[1]}/")
            easy.setopt(pycurl.WRITEFUNCTION, parts.append)
            assert await transfers.perform(easy) == 0
            transfers.give_back(easy)
            answers.append(b"".join(parts))
            await asyncio.sleep(0.1)
        transfers.close()
        return answers

    server = threading.Thread(target=serve)
    server.start()
    try:
        assert asyncio.run(ask()) == [b"no. 1", b"no. 2"] * 3
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        server.join(10)


def test_headers_are_kept_to_a_length(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    shop.faults["/p/long"] = lambda request: web.Response(
        body=b"image",
        headers={"ETag": "e" * 7000, "X-Robots-Tag": "all, " * 1400, "Content-Type": "image/" + "x" * 7000},
    )
    assert crawl()["failed"] == {}
    records = read_records(tmp_path / "raw/records.parquet", RawImage)
    long = [record for record in records if record.url.endswith("/p/long")]
    assert [(len(record.etag), len(record.robots_tag), len(record.content_type)) for record in long] == [
        (500, 500, 500)
    ]


def test_a_list_of_nothing_but_broken_addresses_says_so(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    links = tmp_path / "links.txt"
    links.write_text(f"http://10.0.0.1/a.jpg\nfile:///etc/passwd\n{shop.address}/p/nowhere.jpg")
    with pytest.raises(
        ValueError, match=r"none of the 2 .*left out: BAD_ADDRESS 1.*: mend what the reasons name"
    ):
        crawl(provider="urls", url_list=str(links), contact="mail@example.org")


def test_many_tiny_pieces_cost_little_and_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    monkeypatch.setattr("crawler.answer.answer.size_of", lambda begin: looks.append(len(begin)))
    answer = Answer(
        Request("http://a.org/", meta={"image": True}), Wishes(Settings(WISHES)), lambda *a, **b: []
    )
    for line in (b"HTTP/1.1 200 OK\r\n", b"\r\n"):
        assert answer.take_line(line) is None
    for _ in range(400_000):
        answer.take_chunk(b"x")
    assert len(answer.body) == 400_000
    assert len(looks) < 100
    assert 200_000 < looks[-1] < 400_000


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


# pauses


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
    with pytest.raises(ValueError, match=r"20 of 20 .* HTTP_429 \d"):
        crawl(concurrent_requests=1, concurrent_per_host=1)
    assert shop.fetched().total() < 20


def test_a_host_that_is_of_no_use_holds_up_no_other_and_is_left_alone_in_the_end(
    shop: Any, crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.spiders.naver_tops.SLOTS", 1)
    monkeypatch.setattr("crawler.network.middlewares.PATIENCE_S", 1.5)
    busy = web.Response
    names = [f"/p/busy{number}" for number in range(40)]
    shop.faults = {name: lambda request: busy(status=503, headers={"Retry-After": "1"}) for name in names}
    port = urlsplit(shop.address).port
    good = [f"http://localhost:{port}{path}" for path in list(shop.images)[:5]]
    (tmp_path / "list.txt").write_text("\n".join([*(shop.address + name for name in names), *good]))
    both = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
    monkeypatch.setattr(ImageHandler, "_private", lambda self: both)
    began = time.monotonic()
    with pytest.raises(PassingError, match=r"40 of 45 images could not be had now \(HOST_BUSY 4"):
        crawl(
            provider="urls",
            contact="me@example.org",
            url_list=str(tmp_path / "list.txt"),
            retries=9,
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
    monkeypatch.setattr("crawler.network.middlewares.time.monotonic", lambda: now[0])
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
    monkeypatch.setattr("crawler.network.middlewares.ROBOTS_AGAIN_S", 0.0)
    shop.robots_faults = [503]
    figures = crawl(retries=0, concurrent_requests=1, concurrent_per_host=1)
    assert figures["failed"].keys() == {"ROBOTS_UNREADABLE"}
    assert figures["fetched"] == 30 - figures["failed"]["ROBOTS_UNREADABLE"] > 15
    assert shop.requests["/robots.txt"] == 2


def test_https_that_fails_does_not_keep_http_from_being_asked(
    shop: Any, crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shop speaks no TLS, and its port is not the usual one: so the address is changed by hand."""
    monkeypatch.setattr(
        "crawler.session.frontier.canonical_url", lambda link: canonical_url(link).replace("http:", "https:")
    )
    figures = crawl()
    assert (figures["images"], figures["failed"]) == (30, {})
    assert shop.requests["/robots.txt"] == 1  # by http


def test_a_robots_txt_beyond_the_limit_of_images_is_read(shop: Any, crawl: Crawl) -> None:
    shop.robots = "# nothing\n" * 1000 + "User-agent: *\nDisallow: /p/1.jpg\n"
    assert crawl(max_bytes=500)["failed"] == {"ROBOTS": 1}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"", 0),
        (b"7", 7),
        (b"x", 0),
        (b"-3", 0),
        (b"9" * 30, 999_999_999),
        (b"Mon, 01 Jan 2026 00:00:00 +" + b"9" * 30, 0),
    ],
)
def test_retry_after_in_seconds(value: bytes, seconds: float) -> None:
    assert retry_after_s(value) == seconds


def test_pauses_grow_to_a_minute() -> None:
    assert pause_before(2) == 2 * pause_before(1)
    assert pause_before(30) == 60
    assert pause_before(1, {"Retry-After": b"20"}) == 20


def test_quotas_are_new_at_midnight_in_korea() -> None:
    assert seconds_to_midnight_in_korea(datetime(2026, 11, 24, 14, 0, tzinfo=UTC)) == 3600
    assert seconds_to_midnight_in_korea(datetime(2026, 11, 24, 15, 0, tzinfo=UTC)) == 86_400


def test_calls_are_no_faster_than_their_rate_and_slower_after_complaints() -> None:
    async def seconds(bucket: TokenBucket) -> float:
        began = time.monotonic()
        for _ in range(6):
            await bucket.take()
        return time.monotonic() - began

    bucket = TokenBucket(50)
    assert asyncio.run(seconds(bucket)) >= 0.1
    for _ in range(2):
        bucket.slow_down()
    bucket.next_at = 0.0
    assert asyncio.run(seconds(bucket)) >= 0.35
    for _ in range(20):
        bucket.slow_down()
    assert bucket.rate == 50 / 64


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
