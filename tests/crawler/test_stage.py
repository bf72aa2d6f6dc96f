"""Whole crawls of a small shop in this process: images, records, figures, failures by reason."""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from benchmarks.damage import flip
from crawler.store.recorded import LOG, TABLE
from crawler.store.store import images_of
from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import sha256_of
from tests.crawler.kept import bytes_of, members, raw

JPEG = b"\xff\xd8\xff\xe0" + bytes(200)
Crawl = Callable[..., dict[str, Any]]


def test_every_image_found_is_fetched_unmodified_with_its_record(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    figures = crawl()
    records = raw(tmp_path)
    assert [record.url for record in records] == [shop.address + path for path in shop.images]
    for rank, (record, (path, body)) in enumerate(zip(records, shop.images.items(), strict=True), start=1):
        assert bytes_of(tmp_path / "raw", record) == body
        assert record.sha256 == hashlib.sha256(body).hexdigest()
        assert (record.title, record.query, record.rank) == (f"{path} & co", "셔츠", rank)
        assert (record.declared_width, record.declared_height) == (None, 9)
        assert (record.provider, record.content_type, record.size) == ("demo", "image/jpeg", len(body))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", record.crawled_at)
    (shard,) = (tmp_path / "raw/shards").iterdir()
    assert {record.file for record in records} == {f"shards/{sha256_of(shard)}.tar"}
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == ["records.parquet", "shards"]
    assert json.loads((tmp_path / "crawl.json").read_text()) == figures
    assert figures.pop("seconds") > 0
    assert figures.pop("images_per_s") > 0
    crawl_id = figures.pop("crawl_id")
    assert {record.crawl_id for record in records} == {crawl_id}
    total = sum(map(len, shop.images.values()))
    row = {"calls": 1, "results": 30, "new": 30}
    assert figures == {
        "provider": "demo",
        "part": "1/1",
        "products": 30,
        "calls": 1,
        "calls_now": 1,
        "images": 30,
        "files": 30,
        "fetched": 30,
        "fetched_bytes": total,
        "reused": 0,
        "failed": {},
        "left_out": {},
        "may_pass": 0,
        "put_off": [],
        "calls_left": 0,
        "list_has_more": False,
        "keeps_answers": False,
        "bytes": total,
        "hosts": [{"host": urlsplit(shop.address).netloc, "images": 30, "failed": 0}],
        "queries": [{"query": "셔츠", **row}],
        "words": [],
        "store_damaged": {},
        "placeholders": [],
        "shared": [],
        "renewed": 0,
    }


def test_a_second_crawl_fetches_nothing_and_gives_the_same_records(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    crawl()
    first = raw(tmp_path)
    figures = crawl()
    assert (figures["fetched"], figures["reused"]) == (0, 30)
    assert set(shop.fetched().values()) == {1}
    assert raw(tmp_path) == first


def test_only_what_is_new_or_lost_is_fetched(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    crawl()
    lost = raw(tmp_path)[3]
    flip(tmp_path / "raw" / lost.file, 8 * lost.offset)  # a link to the store's shard
    shop.images["/p/new.jpg"] = b"new"
    figures = crawl()
    assert (figures["fetched"], figures["reused"], figures["images"]) == (2, 29, 31)


def test_the_target_holds_exactly_what_this_crawl_found(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    crawl()
    for path in list(shop.images)[10:]:
        del shop.images[path]
    assert crawl()["images"] == 10
    assert len(raw(tmp_path)) == len(members(tmp_path / "raw")) == 10
    assert len(images_of(tmp_path / "store")) == 30


def test_queries_are_paged_in_turns_and_an_address_counts_once(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    shop.images = {f"/p/{i}.jpg": b"%d" % i for i in range(150)}
    figures = crawl(queries=["a", "b"])
    assert (figures["calls"], figures["products"], figures["images"]) == (4, 150, 150)
    assert {record.query for record in raw(tmp_path)[:100]} == {"a"}


def test_a_crawl_stops_at_max_products(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    assert crawl(max_products=7)["products"] == 7
    assert len(raw(tmp_path)) == shop.fetched().total() == 7


def test_broken_and_unlike_images_are_stored_as_they_came(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    shop.images = {"/p/broken": JPEG[:5], "/p/svg": b"<?xml version='1.0'?><svg/>", "/p/noise": b"\x00\x01"}
    crawl()
    assert {record.url: record.size for record in raw(tmp_path)} == {
        shop.address + path: len(body) for path, body in shop.images.items()
    }
    assert sorted(Path(name).suffix for name in members(tmp_path / "raw")) == [".bin", ".bin", ".jpg"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "EMPTY"),
        (b"<html><meta http-equiv=refresh content='0;url=/x'>", "NOT_AN_IMAGE"),
        (b"\xef\xbb\xbf\n <!-- hello -->\n<!DOCTYPE html><title>Just a moment", "NOT_AN_IMAGE"),
    ],
)
def test_nothing_and_a_page_for_people_are_no_images_and_a_later_crawl_asks_again(
    shop: Any, crawl: Crawl, tmp_path: Path, body: bytes, reason: str
) -> None:
    shop.images["/p/1.jpg"] = body
    assert crawl()["failed"] == {reason: 1}
    assert len(raw(tmp_path)) == 29
    shop.images["/p/1.jpg"] = JPEG
    assert (crawl()["failed"], len(raw(tmp_path))) == ({}, 30)


def test_search_pages_are_asked_for_no_faster_than_their_images_are_done(
    shop: Any, crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.spiders.naver_tops.SLOTS", 2)  # for each image asked for at once
    shop.images = {f"/p/{i}.jpg": b"%d" % i for i in range(300)}
    crawl(concurrent_requests=4)
    searches = [at for at, path in enumerate(shop.order) if path == "/search/v1/image"]
    fetched_before = [sum(path.startswith("/p/") for path in shop.order[:at]) for at in searches]
    assert len(fetched_before) == 3
    assert fetched_before[1] >= 100 - 8
    assert fetched_before[2] >= 200 - 8


def test_an_address_is_asked_for_in_the_spelling_it_was_found_in(shop: Any, crawl: Crawl) -> None:
    spelling = "/p/a%2Fb%3A%20c.jpg?sign=%3A%2B+/~&x=%EC%83%81"
    shop.faults[spelling] = lambda request: web.Response()
    assert crawl()["products"] == 31
    assert spelling in shop.raw_paths


def cut_off(request: web.Request) -> Any:
    async def answer() -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"\xff\xd8\xff")
        assert request.transport is not None
        request.transport.abort()
        return response

    return answer()


def hang(request: web.Request) -> Any:
    async def answer() -> web.Response:
        await asyncio.sleep(3)
        return web.Response()

    return answer()


@pytest.mark.parametrize(
    ("fault", "reason", "attempts"),
    [
        (lambda request: web.Response(status=404), "HTTP_404", 1),
        (lambda request: web.Response(status=503), "HTTP_503", 7),
        (lambda request: web.Response(status=429), "HTTP_429", 7),
        (cut_off, "BROKEN_TRANSFER", 2),
        (hang, "TIMEOUT", 2),
        (lambda request: web.Response(body=bytes(5000)), "TOO_LARGE", 1),
        (lambda request: web.Response(status=302, headers={"Location": "file:///etc/passwd"}), "HTTP_302", 1),
        (lambda request: web.Response(status=302, headers={"Location": "/p/fault"}), "REDIRECTS", 6),
    ],
)
def test_an_image_that_cannot_be_had_is_counted_by_reason(
    shop: Any, crawl: Crawl, tmp_path: Path, fault: Any, reason: str, attempts: int
) -> None:
    shop.faults["/p/fault"] = fault
    figures = crawl(max_bytes=4000, timeout_s=0.5)
    assert figures["failed"] == {reason: 1}
    assert (figures["products"], figures["images"]) == (31, 30)
    assert shop.requests["/p/fault"] == attempts
    assert f"{shop.address}/p/fault" not in {record.url for record in raw(tmp_path)}


def test_an_image_that_fails_once_is_fetched_by_the_second_attempt(shop: Any, crawl: Crawl) -> None:
    answers = [web.Response(status=500)]
    shop.faults["/p/fault"] = lambda request: answers.pop() if answers else web.Response(body=b"x")
    figures = crawl()
    assert (figures["failed"], figures["images"]) == ({}, 31)


def test_a_redirect_is_followed_and_stored_under_the_address_found(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    shop.faults["/p/moved"] = lambda request: web.Response(status=301, headers={"Location": "/p/1.jpg"})
    crawl()
    assert raw(tmp_path)[-1].url == f"{shop.address}/p/moved"
    assert raw(tmp_path)[-1].sha256 == raw(tmp_path)[1].sha256


def test_robots_txt_is_obeyed(shop: Any, crawl: Crawl) -> None:
    shop.robots = "User-agent: fashion-pggan\nDisallow: /p/1\n"
    figures = crawl()
    assert figures["failed"] == {"ROBOTS": 11}
    assert not any(path.startswith("/p/1") for path in shop.requests)


def test_the_crawl_says_who_it_is_and_nothing_of_what_it_searched_for(shop: Any, crawl: Crawl) -> None:
    crawl(contact="mail@example.org")
    (headers,) = shop.headers["/p/0.jpg"]
    assert re.fullmatch(r"fashion-pggan/\d\S* \(\+mail@example\.org\)", headers["User-Agent"])
    assert headers["Accept-Encoding"] == "identity"
    assert "Referer" not in headers
    assert not any("API-KEY" in name.upper() for name in headers)


def test_a_misspelt_parameter_is_one_line(shop: Any, crawl: Crawl) -> None:
    with pytest.raises(
        UserError, match=r"crawl.max_product is not a parameter: did you mean crawl\.max_products\?"
    ):
        crawl(max_product=3)


def test_a_contact_that_cannot_stand_in_a_header_is_refused(shop: Any, crawl: Crawl) -> None:
    with pytest.raises(UserError, match=r"crawl.contact 'x\\r\\ny' cannot be sent in a header"):
        crawl(contact="x\r\ny")


def test_damaged_and_missing_images_of_the_store_are_fetched_again_and_told(
    shop: Any, crawl: Crawl, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    crawl(shard_mb=0.005)  # three images in a shard
    harmed, gone, *_ = {record.file: record for record in raw(tmp_path)}.values()
    flip(tmp_path / "store" / harmed.file, 8 * harmed.offset)
    (tmp_path / "store" / gone.file).unlink()
    caplog.clear()
    with caplog.at_level("WARNING"):
        figures = crawl()
    assert (figures["fetched"], figures["reused"]) == (4, 26)
    assert figures["store_damaged"] == {"files damaged": 1, "files missing": 3}
    (said,) = [text for text in caplog.messages if "again" in text]
    assert said == f"{tmp_path / 'store'}: files missing 3, files damaged 1: fetching them again"
    assert set(members(tmp_path / "raw").values()) == set(shop.images.values())
    assert crawl()["store_damaged"] == {}


def test_a_damaged_record_costs_its_image_alone(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    crawl()
    table = tmp_path / "store" / TABLE
    table.write_bytes(table.read_bytes()[:-1])
    (tmp_path / "store" / LOG).write_bytes(b'{"url": "http://a\n')
    figures = crawl()
    assert figures["images"] == 30
    assert figures["store_damaged"]["records damaged"] >= 1
    assert crawl()["store_damaged"] == {}
