"""Whole crawls of a small shop in this process, with everything that can go wrong on the way."""

import asyncio
import errno
import hashlib
import json
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from crawler import stage
from crawler.providers.kakao import KAKAO
from crawler.providers.naver import HUB
from crawler.providers.provider import REAL, Provider
from crawler.store.store import Store, images_of
from fashion_pggan.errors import PassingError, UserError
from fashion_pggan.storage.files import exclusive
from fashion_pggan.storage.records import RawImage, read_records

JPEG = b"\xff\xd8\xff\xe0" + bytes(200)
SPEED = (429, json.dumps({"error": {"errorCode": "420", "message": "Rate Limited", "details": ""}}))

Crawl = Callable[..., dict[str, Any]]


def raw(tmp_path: Path) -> list[RawImage]:
    return read_records(tmp_path / "raw/records.parquet", RawImage)


def test_every_image_found_is_fetched_unmodified_with_its_record(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    figures = crawl()
    records = raw(tmp_path)
    assert [record.url for record in records] == [shop.address + path for path in shop.images]
    for rank, (record, (path, body)) in enumerate(zip(records, shop.images.items(), strict=True), start=1):
        assert (tmp_path / "raw" / record.file).read_bytes() == body
        assert record.sha256 == hashlib.sha256(body).hexdigest()
        assert record.file == f"images/{record.sha256[:2]}/{record.sha256}.jpg"
        assert (record.title, record.query, record.rank) == (f"{path} & co", "셔츠", rank)
        assert (record.declared_width, record.declared_height) == (None, 9)
        assert (record.provider, record.content_type, record.size) == ("demo", "image/jpeg", len(body))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", record.crawled_at)
    files = [path for path in (tmp_path / "raw").rglob("*") if path.is_file()]
    assert len(files) == 31
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
        "calls_left": 0,
        "list_has_more": False,
        "keeps_answers": False,
        "bytes": total,
        "hosts": [{"host": urlsplit(shop.address).netloc, "images": 30, "failed": 0}],
        "queries": [{"query": "셔츠", **row}],
        "words": [],
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
    (tmp_path / "store" / lost.file).unlink()
    shop.images["/p/new.jpg"] = b"new"
    figures = crawl()
    assert (figures["fetched"], figures["reused"], figures["images"]) == (2, 29, 31)


def test_the_target_holds_exactly_what_this_crawl_found(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    crawl()
    for path in list(shop.images)[10:]:
        del shop.images[path]
    assert crawl()["images"] == 10
    assert len(raw(tmp_path)) == len(list((tmp_path / "raw/images").glob("*/*"))) == 10
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
    assert {Path(record.file).suffix for record in raw(tmp_path)} == {"", ".jpg"}


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


# faults of images: counted by reason, never the end of a crawl


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
        (lambda request: web.Response(status=503), "HTTP_503", 2),
        (lambda request: web.Response(status=429), "HTTP_429", 2),
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


# faults of the search: an error, because a part would pass for the whole


def test_an_empty_shop_is_an_error(shop: Any, crawl: Crawl, tmp_path: Path) -> None:
    shop.images = {}
    with pytest.raises(UserError, match="the search found no images for 셔츠, 니트: choose other"):
        crawl(queries=["셔츠", "니트"])
    assert not (tmp_path / "raw").exists()


def test_a_shop_that_answers_500_is_an_error_after_its_retries(shop: Any, crawl: Crawl) -> None:
    shop.every_search = (500, "Internal Server Error")
    with pytest.raises(
        UserError, match=r"the search API fails \(500 Internal Server Error\): run again later"
    ):
        crawl(retries=2)
    assert shop.requests["/search/v1/image"] == 3


def test_a_passing_500_is_survived(shop: Any, crawl: Crawl) -> None:
    shop.search_faults = [(500, ""), (200, "half a page")]
    figures = crawl(retries=2)
    assert (figures["calls"], figures["calls_now"]) == (1, 3)


def test_a_shop_whose_images_all_fail_is_an_error(shop: Any, crawl: Crawl) -> None:
    shop.faults, shop.images = {f"/p/{i}": lambda request: web.Response(status=403) for i in range(3)}, {}
    with pytest.raises(UserError, match=r"none of the 3 images found could be fetched \(HTTP_403 3\)"):
        crawl()


def test_the_speed_limit_is_waited_out_beyond_the_retries_of_other_failures(shop: Any, crawl: Crawl) -> None:
    shop.search_faults = [SPEED] * 5
    figures = crawl(retries=0)
    assert (figures["calls"], figures["calls_now"], figures["images"]) == (1, 6, 30)


def test_the_daily_quota_ends_the_crawl_at_once_and_keeps_what_was_fetched(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    shop.images = {f"/p/{i}.jpg": b"%d" % i for i in range(150)}
    shop.quota_after = 1
    with pytest.raises(UserError, match=r"daily quota .* used up \(429 400 Quota Exceeded\): .* is kept"):
        crawl()
    assert shop.requests["/search/v1/image"] == 2
    assert not (tmp_path / "raw").exists()
    shop.quota_after = None
    figures = crawl()
    assert (figures["reused"], figures["fetched"]) == (100, 50)
    assert set(shop.fetched().values()) == {1}


def test_wrong_keys_end_the_crawl_at_once_and_are_not_shown(
    shop: Any, crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NAVER_API_KEY_ID", "id-that-nobody-sees")
    monkeypatch.setenv("NAVER_API_KEY", "key-that-nobody-sees")
    caplog.set_level(logging.DEBUG)
    with pytest.raises(UserError, match="check NAVER_API_KEY_ID and NAVER_API_KEY") as raised:
        crawl()
    assert shop.requests["/search/v1/image"] == 1
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert "nobody-sees" not in str(raised.value) + caplog.text
    assert b"nobody-sees" not in written


def test_keys_that_an_answer_repeats_are_not_shown(
    shop: Any, crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAVER_API_KEY_ID", "id-that-nobody-sees")
    monkeypatch.setenv("NAVER_API_KEY", "key-that-nobody-sees")
    shop.every_search = (401, json.dumps({"errorCode": "024", "errorMessage": "no key-that-nobody-sees"}))
    with pytest.raises(UserError, match=r"401 024 no \*\*\*"):
        crawl()


def test_keys_do_not_follow_a_redirect_of_the_search(shop: Any, crawl: Crawl) -> None:
    shop.redirect_search = "/elsewhere"
    with pytest.raises(UserError, match=r"the search API fails \(302"):
        crawl(retries=0)
    assert shop.requests["/elsewhere"] == 0


def test_a_bad_query_is_left_out_and_counted(shop: Any, crawl: Crawl) -> None:
    shop.search_faults = [(400, json.dumps({"errorCode": "SE01", "errorMessage": "Incorrect query request"}))]
    figures = crawl(queries=["bad", "good"])
    assert (figures["failed"], figures["images"]) == ({"BAD_QUERY": 1}, 30)


def test_a_closed_api_is_an_error_that_names_the_provider(shop: Any, crawl: Crawl) -> None:
    shop.every_search = (404, json.dumps({"errorCode": "SE05", "errorMessage": "Invalid search api"}))
    with pytest.raises(UserError, match=r"\(404 SE05 Invalid search api\): choose another crawl.provider"):
        crawl()


def test_an_unreachable_host_is_an_error(crawl: Crawl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASHION_PGGAN_SHOP_URL", "http://127.0.0.1:1")
    with pytest.raises(UserError, match=r"http://127.0.0.1:1/\S+ does not answer \(UNREACHABLE\)"):
        crawl()


# the store


def test_a_full_disk_ends_the_crawl_and_the_next_one_needs_no_cleaning(
    shop: Any, crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, written = Store.keep, []

    def keep(self: Store, fetched: Any) -> Any:
        if len(written) == 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(fetched.url)
        return real(self, fetched)

    monkeypatch.setattr(Store, "keep", keep)
    with pytest.raises(OSError, match="No space left on device"):
        crawl()
    assert not (tmp_path / "raw").exists()
    written.append("more")  # and room again
    figures = crawl()
    assert (figures["reused"], figures["fetched"]) == (10, 20)


def test_a_disk_that_fills_up_while_the_target_is_made_leaves_the_target_as_it_was(
    shop: Any, crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl()
    before = raw(tmp_path)

    def fail(*arguments: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    shop.images["/p/new.jpg"] = b"new"
    with monkeypatch.context() as patched:
        patched.setattr("crawler.store.raw.write_records", fail)
        with pytest.raises(OSError, match="No space left on device"):
            crawl()
    assert raw(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["crawl.json", "params.yaml", "raw", "store"]
    assert len(crawl()) == len(json.loads((tmp_path / "crawl.json").read_text()))
    assert len(raw(tmp_path)) == 31


def test_a_journal_that_cannot_be_written_ends_the_crawl(
    shop: Any, crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    shop.faults["/p/0.jpg"] = lambda request: web.Response(status=404)
    with monkeypatch.context() as patched:
        patched.setattr("crawler.plan.journal.Journal.gave_up", fail)
        with pytest.raises(OSError, match="No space left on device"):
            crawl()
    assert crawl()["images"] == 29


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("papers", r"holds thesis\.txt, which is no part of the outcome of a crawl: move it away, or give"),
        ("store", "lie in each other"),
        ("store/raw", "lie in each other"),
        (".", "lie in each other"),
        ("papers/thesis.txt", "is a file: give a folder"),
    ],
)
def test_a_target_by_which_something_else_would_be_lost_is_refused_before_anything_is_asked(
    shop: Any, tmp_path: Path, params_file: Callable[..., Path], target: str, text: str
) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match=text):
        stage.run(
            tmp_path / target,
            params=params_file(),
            store=tmp_path / "store",
            report=tmp_path / "crawl.json",
            tombstones=tmp_path / "tombstones.jsonl",
        )
    assert not shop.requests
    assert (tmp_path / "papers" / "thesis.txt").read_text() == "years of work"


def test_a_crawl_in_which_most_could_not_be_had_does_not_pass_for_the_whole(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    crawl(max_products=3)
    down = [True]
    for path in list(shop.images)[3:20]:
        shop.faults[path] = lambda request: web.Response(status=503 if down else 200, body=JPEG)
    with pytest.raises(PassingError, match=r"17 of 30 images could not be had now \(HTTP_503 17\)"):
        crawl(retries=0)
    assert len(raw(tmp_path)) == 3
    down.clear()
    figures = crawl(retries=0)
    assert (figures["calls_now"], figures["fetched"], len(raw(tmp_path))) == (0, 17, 30)


def test_two_crawls_do_not_share_a_store(
    shop: Any, crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.session.crawl.exclusive", partial(exclusive, wait_s=0.1))
    with exclusive(tmp_path / "store"), pytest.raises(UserError, match="store is in use by process"):
        crawl()


# what a person writes


def test_a_misspelt_parameter_is_one_line(shop: Any, crawl: Crawl) -> None:
    with pytest.raises(
        UserError, match=r"crawl.max_product is not a parameter \(did you mean crawl\.max_products\?\)"
    ):
        crawl(max_product=3)


def test_a_contact_that_cannot_stand_in_a_header_is_refused(shop: Any, crawl: Crawl) -> None:
    with pytest.raises(UserError, match=r"crawl.contact 'x\\r\\ny' cannot stand in a header"):
        crawl(contact="x\r\ny")


def test_naver_hub_wants_a_contact_and_keys(crawl: Crawl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NAVER_API_KEY_ID", raising=False)
    monkeypatch.delenv("NAVER_API_KEY", raising=False)
    with pytest.raises(
        UserError, match=r"crawl.contact in params.yaml is empty: give a mail address or a page"
    ):
        crawl(provider="naver_hub")
    with pytest.raises(UserError, match="no NAVER_API_KEY_ID and no NAVER_API_KEY in the environment"):
        crawl(provider="naver_hub", contact="mail@example.org")
    monkeypatch.setenv("NAVER_API_KEY_ID", "id")
    monkeypatch.setenv("NAVER_API_KEY", "new\nline")
    with pytest.raises(UserError, match="NAVER_API_KEY in the environment holds characters that no key has"):
        crawl(provider="naver_hub", contact="mail@example.org")


def test_naver_hub_crawls_with_the_keys_of_the_environment(
    shop: Any, crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = replace(HUB, address=f"{shop.address}/search/v1/image")
    monkeypatch.setitem(REAL, "naver_hub", api)
    monkeypatch.setattr(Provider, "private", frozenset({urlsplit(shop.address).netloc}))
    monkeypatch.setenv("NAVER_API_KEY_ID", "demo")
    monkeypatch.setenv("NAVER_API_KEY", "demo")
    assert crawl(provider="naver_hub", contact="mail@example.org")["images"] == 30
    assert {record.provider for record in raw(tmp_path)} == {"naver_hub"}


def test_kakao_is_crawled_and_says_which_page_shows_an_image(
    shop: Any, crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.images = {f"/p/{i}.jpg": b"%d" % i for i in range(100)}
    monkeypatch.setitem(REAL, "kakao", replace(KAKAO, address=f"{shop.address}/v2/search/image"))
    monkeypatch.setattr(Provider, "private", frozenset({urlsplit(shop.address).netloc}))
    monkeypatch.setenv("KAKAO_REST_API_KEY", "demo")
    figures = crawl(provider="kakao", contact="mail@example.org", sort="both")
    assert (figures["calls"], figures["images"]) == (4, 100)
    assert raw(tmp_path)[0].source == "https://shop/p/0.jpg"
    monkeypatch.setenv("KAKAO_REST_API_KEY", "wrong")
    with pytest.raises(UserError, match="check KAKAO_REST_API_KEY in the environment"):
        crawl(provider="kakao", contact="mail@example.org")
