"""Faulty answers to image requests, as the worst hosts of the web give them, by kind of fault."""

import asyncio
import contextlib
import io
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import cache, partial

from aiohttp import web
from PIL import Image, ImageDraw

from demo_shop.faulty.faults import ELSEWHERE, KINDS, OWNERS_SAY_NO, SITES

TRAP = "127.0.0.2"  # a shop with faults also listens here, and counts requests
METADATA = "http://169.254.169.254/latest/meta-data/iam/security-credentials/"
RETRY_AFTER = {"Retry-After": "1"}  # seconds
DRIP_S, PIECE_S, PIECES = 0.5, 0.2, 8  # seconds per byte, seconds per piece, pieces of a slow image
LARGE = 50_000_000  # bytes
CHUNK = bytes(1 << 20)
FIRST = "t1"  # the token that a product's first search answer signs with
BOMB_CHUNKS = 256  # of CHUNK, once inflated
PAGE = b"<!doctype html><title>Just a moment</title><h1>Checking your browser</h1>"
NO_LINGER = struct.pack("ii", 1, 0)  # closing resets the connection


@dataclass(frozen=True)
class Order:
    """A request for an image, and that image."""

    request: web.Request
    data: bytes  # of the image
    headers: dict[str, str]  # of the image, without its length
    delivered: Callable[[bytes], None]  # call it when a whole answer of status 200 was sent

    async def send(self, data: bytes, headers: dict[str, str]) -> web.StreamResponse:
        """Send a whole answer of status 200."""
        response = web.Response(body=data, headers=headers)
        await response.prepare(self.request)
        await response.write_eof()
        self.delivered(data)
        return response


Answer = Callable[[Order], Awaitable[web.StreamResponse]]
Pieces = Callable[[bytes], AsyncIterator[bytes]]


async def as_it_is(order: Order) -> web.StreamResponse:
    """Send the image without a fault."""
    return await order.send(order.data, order.headers)


async def _signed(name: str, value: str, order: Order) -> web.StreamResponse:
    return await order.send(order.data, {**order.headers, name: value})


async def _page(order: Order) -> web.StreamResponse:
    return await order.send(PAGE, {"Content-Type": "text/html"})


async def _placeholder(order: Order) -> web.StreamResponse:
    return await order.send(placeholder(), {"Content-Type": "image/png"})


async def _expiring(order: Order) -> web.StreamResponse:
    if order.request.query.get("token", FIRST) == FIRST:
        return web.Response(status=403, text="this address has expired\n")
    return await as_it_is(order)


async def _bomb(order: Order) -> web.StreamResponse:
    return await order.send(bomb(), {**order.headers, "Content-Encoding": "gzip"})


async def _status(status: int, headers: dict[str, str], order: Order) -> web.StreamResponse:
    return web.Response(status=status, headers=headers, text=f"{status}\n")


async def _loop(order: Order) -> web.StreamResponse:
    again = int(order.request.query.get("again", "0")) + 1
    return web.Response(status=302, headers={"Location": f"{order.request.path}?again={again}"})


async def _loopback(order: Order) -> web.StreamResponse:
    assert order.request.transport is not None
    port = order.request.transport.get_extra_info("sockname")[1]
    place = f"{order.request.scheme}://{TRAP}:{port}{order.request.path}"
    return web.Response(status=302, headers={"Location": place})


async def _elsewhere(site: str, order: Order) -> web.StreamResponse:
    if order.request.host == site:
        return await as_it_is(order)
    return web.Response(status=302, headers={"Location": f"https://{site}{order.request.path}"})


async def _silent(order: Order) -> web.StreamResponse:
    await asyncio.Event().wait()  # cancelled when the client leaves
    raise AssertionError("nobody sets it")


async def _in_pieces(
    pieces: Pieces, length_of: Callable[[bytes], int | None], end: Callable[[Order], None], order: Order
) -> web.StreamResponse:
    """Send an answer in pieces, with a Content-Length or without; then call `end`."""
    response = web.StreamResponse(headers=order.headers)
    response.content_length = length_of(order.data)
    await response.prepare(order.request)
    async for piece in pieces(order.data):
        await response.write(piece)
    end(order)
    with contextlib.suppress(ConnectionError):  # closed by `end`
        await response.write_eof()
    return response


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _two_thirds(data: bytes) -> AsyncIterator[bytes]:
    yield data[: len(data) * 2 // 3]


async def _dripping(data: bytes) -> AsyncIterator[bytes]:
    for place in range(len(data)):
        yield data[place : place + 1]
        await asyncio.sleep(DRIP_S)


async def _slowly(data: bytes) -> AsyncIterator[bytes]:
    step = -(-len(data) // PIECES) or 1
    for place in range(0, len(data), step):
        yield data[place : place + step]
        await asyncio.sleep(PIECE_S)


async def _endlessly(data: bytes) -> AsyncIterator[bytes]:
    yield data
    for left in range(LARGE - len(data), 0, -len(CHUNK)):
        yield CHUNK[:left]


def _delivered(order: Order) -> None:
    order.delivered(order.data)


def _and_more(order: Order) -> None:
    order.delivered(order.data)
    if order.request.transport:
        order.request.transport.write(order.data[:1000])


def _nothing(order: Order) -> None:
    return None


def _closed(order: Order) -> None:
    if order.request.transport:
        order.request.transport.close()


def _reset(order: Order) -> None:
    if order.request.transport:
        connection = order.request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        order.request.transport.abort()


def _not_said(data: bytes) -> None:
    return None


@cache
def placeholder() -> bytes:
    """An image that says that there is none: a dark frame on grey."""
    image = Image.new("RGB", (600, 600), (240, 240, 240))
    ImageDraw.Draw(image).rectangle((150, 180, 450, 420), outline=(90, 90, 90), width=12)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@cache
def bomb() -> bytes:
    """A gzip file of a quarter of a megabyte that inflates to 256 MiB of zeros.

    A block after a full flush depends on nothing before it, so one block can be repeated.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(CHUNK) + packer.flush(zlib.Z_FULL_FLUSH)
    check = 0
    for _ in range(BOMB_CHUNKS):
        check = zlib.crc32(CHUNK, check)
    header = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"
    return header + block * BOMB_CHUNKS + packer.flush() + struct.pack("<II", check, BOMB_CHUNKS * len(CHUNK))


ANSWERS: dict[str, Answer] = {
    "too_many": partial(_status, 429, {}),
    "error": partial(_status, 500, {}),
    "busy": partial(_status, 503, RETRY_AFTER),
    "silent": _silent,
    "drip": partial(_in_pieces, _dripping, len, _delivered),
    "reset": partial(_in_pieces, _two_thirds, len, _reset),
    "cut": partial(_in_pieces, _two_thirds, len, _closed),
    "loop": _loop,
    "metadata": partial(_status, 302, {"Location": METADATA}),
    "loopback": _loopback,
    "page": _page,
    "placeholder": _placeholder,
    "bomb": _bomb,
    "large": partial(_in_pieces, _endlessly, lambda data: LARGE, _nothing),
    "unannounced": partial(_in_pieces, _endlessly, _not_said, _nothing),
    **{name: partial(_signed, "X-Robots-Tag", name) for name in OWNERS_SAY_NO - {"tdm"}},
    "tdm": partial(_signed, "TDM-Reservation", "1"),
    "slow": partial(_in_pieces, _slowly, len, _delivered),
    "overlong": partial(_in_pieces, _whole, len, _and_more),
    "expiring": _expiring,
    **{kind: partial(_elsewhere, site) for kind, site in SITES.items()},
}
assert ANSWERS.keys() == KINDS.keys() | ELSEWHERE.keys()
