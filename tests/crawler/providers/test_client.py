"""Search calls that fail: an error, because a part must not pass for the whole."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from crawler.providers.kakao import KAKAO
from crawler.providers.naver import HUB
from crawler.providers.provider import REAL, Provider
from fashion_pggan.errors import UserError
from tests.crawler.kept import raw

SPEED = (429, json.dumps({"error": {"errorCode": "420", "message": "Rate Limited", "details": ""}}))
Crawl = Callable[..., dict[str, Any]]


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


def test_the_speed_limit_is_waited_out_beyond_the_retries_of_other_failures(shop: Any, crawl: Crawl) -> None:
    shop.search_faults = [SPEED] * 5
    figures = crawl(retries=0)
    assert (figures["calls"], figures["calls_now"], figures["images"]) == (1, 6, 30)


def test_the_daily_quota_ends_the_crawl_at_once_and_keeps_what_was_fetched(
    shop: Any, crawl: Crawl, tmp_path: Path
) -> None:
    shop.images = {f"/p/{i}.jpg": b"%d" % i for i in range(150)}
    shop.quota_after = 1
    quota = r"daily quota .* used up \(429 400 Quota Exceeded\): .*; fetched images are kept"
    with pytest.raises(UserError, match=quota):
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


def test_a_damaged_answer_is_asked_again_before_its_whole_results_are_taken(
    shop: Any, crawl: Crawl, caplog: pytest.LogCaptureFixture
) -> None:
    items = [{"title": f"{i}", "link": f"{shop.address}/p/{i}.jpg"} for i in range(30)]
    damaged = json.dumps({"total": 30, "items": items}).replace('"title": "7"', r'"title": "\x"')
    shop.search_faults = [(200, damaged)]
    assert (crawl()["images"], shop.requests["/search/v1/image"]) == (30, 2)
    shop.every_search = (200, damaged)
    assert crawl()["images"] == 29
    assert "the answer is damaged: taking 29 results of it" in caplog.text
