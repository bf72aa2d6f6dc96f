"""Sizes in the headers of images, and downloads that they stop."""

import asyncio
import io
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from crawler.answer.header import size_of
from tests.crawler.answer.headers import jpeg

Crawl = Callable[..., dict[str, Any]]


def encoded(form: str, size: tuple[int, int] = (37, 53), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 30, 60)).save(file, form, **options)
    return file.getvalue()


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
