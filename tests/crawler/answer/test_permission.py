"""Opt-outs in HTTP headers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from crawler.answer.permission import opted_out
from fashion_pggan.storage.records import RawImage, read_records
from tests.crawler.answer.headers import jpeg

Crawl = Callable[..., dict[str, Any]]
JPEG = b"\xff\xd8\xff\xe0" + bytes(200)


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
