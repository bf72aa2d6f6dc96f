"""Images that a server sends compressed."""

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from crawler.answer.encoding import decoded, encodings_of
from crawler.store.stored import reason_against
from fashion_pggan.storage.records import RawImage, read_records
from tests.crawler.answer.headers import jpeg
from tests.crawler.kept import bytes_of

Crawl = Callable[..., dict[str, Any]]
JPEG = b"\xff\xd8\xff\xe0" + bytes(200)


def test_a_compressed_image_is_stored_as_it_was_before(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    shop.images = {}
    shop.faults["/p/gzip"] = lambda request: web.Response(
        body=gzip.compress(b"the image"), headers={"Content-Encoding": "gzip"}
    )
    crawl()
    (record,) = read_records(tmp_path / "raw/records.parquet", RawImage)
    assert bytes_of(tmp_path / "raw", record) == b"the image"


@pytest.mark.parametrize(
    ("body", "encoding", "reason"),
    [
        (gzip.compress(JPEG)[:-5], "gzip", "BROKEN_TRANSFER"),
        (b"no gzip", "gzip", "BROKEN_TRANSFER"),
        (zlib.compress(JPEG)[:-5], "deflate", "BROKEN_TRANSFER"),
        (JPEG, "br", "ENCODED"),
        (gzip.compress(JPEG), "gzip, x", "ENCODED"),
    ],
    ids=["cut gzip", "no gzip", "cut deflate", "br", "unknown"],  # a gzip body holds the time
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
    assert decoded(gzip.compress(JPEG) + b"\0\0padding", [b"gzip"], 0) == JPEG
    assert encodings_of([b"identity, aws-chunked", b"GZIP"]) == [b"gzip"]
    assert decoded(b"", [b"gzip"], 0) == b""


def test_a_name_of_no_encoding_hides_no_image_of_any_format(shop: Any, crawl: Crawl) -> None:
    shop.images = {}
    for number, name in enumerate(("none", "utf-8", "image/avif")):
        shop.faults[f"/p/{number}"] = lambda request, number=number, name=name: web.Response(
            body=b"\0\0\0\x20ftypavif%d" % number, headers={"Content-Encoding": name}
        )
    assert crawl(retries=0)["failed"] == {}


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


@pytest.mark.parametrize("encoding", ["UTF-8", "binary", "image/jpeg", "none", "gzip", "br"])
def test_an_encoding_that_the_bytes_belie_is_forgiven(shop: Any, crawl: Crawl, encoding: str) -> None:
    image = jpeg(500, 500)
    shop.images = {}
    shop.faults["/p/1"] = lambda request: web.Response(body=image, headers={"Content-Encoding": encoding})
    figures = crawl(retries=0)
    assert (figures["fetched_bytes"], figures["failed"]) == (len(image), {})


@pytest.mark.parametrize(
    ("status", "content_range", "failed"),
    [
        (203, "", {}),
        (206, "bytes 0-4/5", {}),
        (206, "bytes 0-4/9", {"HTTP_206": 1}),
        (206, "bytes 1-5/5", {"HTTP_206": 1}),
        (206, "bytes 0-4/*", {"HTTP_206": 1}),
        (206, "", {"HTTP_206": 1}),
        (204, "", {"HTTP_204": 1}),
    ],
)
def test_a_status_that_brings_a_whole_image_is_as_good_as_200(
    shop: Any, crawl: Crawl, status: int, content_range: str, failed: dict[str, int]
) -> None:
    headers = {"Content-Range": content_range} if content_range else {}
    shop.faults["/p/odd"] = lambda request: web.Response(body=b"image", status=status, headers=headers)
    assert crawl(retries=0)["failed"] == failed


@pytest.mark.parametrize(
    ("body", "content_range", "reason"),
    [
        (b"\xff\xd8\xff\xda \xff\xd9", b"", ""),
        (b"\x89PNG\r\n\x1a\n IEND\xaeB`\x82", b"", ""),
        (b"GIF89a123456\0;", b"bytes 0-13/*", ""),
        (b"image", b"Bytes 0-4/5", ""),
        (b"\xff\xd8\xff\xe0 cut", b"", "HTTP_206"),
        (b"\xff\xd8\xff\xda \xff\xd9", b"bytes 0-6/99", "HTTP_206"),
        (b"GIF89a123456\0;", b"bytes 0-14/*", "HTTP_206"),
    ],
)
def test_a_part_is_the_whole_where_its_bytes_prove_it(body: bytes, content_range: bytes, reason: str) -> None:
    assert reason_against(206, body, content_range) == reason


def test_an_owners_no_holds_for_every_status_that_brings_an_image(shop: Any, crawl: Crawl) -> None:
    headers = {"X-Robots-Tag": "noai", "Content-Range": "bytes 0-0/1"}
    for status in (203, 206):
        shop.faults[f"/p/{status}"] = lambda request, status=status: web.Response(
            body=b"x", status=status, headers=headers
        )
    assert crawl()["failed"] == {"OPTED_OUT": 2}


@pytest.mark.parametrize("missing", [1, 3, 8])
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_check_sum_that_is_cut_costs_no_whole_image(encoding: str, missing: int) -> None:
    image = jpeg(500, 500)[:21] + b"\xff\xda\xff\xd9"
    body = (gzip if encoding == "gzip" else zlib).compress(image)
    assert decoded(body[: -min(missing, 4 if encoding == "deflate" else 8)], [encoding.encode()], 0) == image
    with pytest.raises(ValueError, match=r"its end is missing|invalid stored block"):
        decoded(body[:-12], [encoding.encode()], 0)
