"""Kakao's image search, by recorded bodies."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from crawler.providers.api import ApiError, Keys, Page, SearchCall, Trouble
from crawler.providers.kakao import KAKAO

CALL = SearchCall("남자 셔츠", 161, 80, "date", "all")
KAKAO_PAGE = {
    "meta": {"total_count": 422583, "pageable_count": 3854, "is_end": False},
    "documents": [
        {
            "collection": "news",
            "thumbnail_url": "https://search2.kakaocdn.net/argon/130x130_85_c/36hQpoTrVZp",
            "image_url": "http://t1.daumcdn.net/news/201706/21/kedtv/a.jpg",
            "width": 540,
            "height": 457,
            "display_sitename": "한국경제TV",
            "doc_url": "http://v.media.daum.net/v/20170621155930002",
            "datetime": "2017-06-21T15:59:30.000+09:00",
        },
        {"collection": "blog", "image_url": "", "width": 1, "height": 1},
        {"image_url": "https://b.org/2.png", "width": 0, "height": None},
    ],
}


def test_kakaos_request_has_page_size_sort_and_the_key_in_a_header_alone() -> None:
    asked = KAKAO.request_of(CALL, Keys("", "the-secret"))
    assert parse_qs(urlsplit(asked.url).query) == {
        "query": ["남자 셔츠"],
        "sort": ["recency"],
        "page": ["3"],
        "size": ["80"],
    }
    assert asked.headers == {"Authorization": "KakaoAK the-secret"}
    assert "the-secret" not in repr(asked) + asked.url


def test_kakaos_page_gives_link_sizes_and_the_page_that_shows_it() -> None:
    page = KAKAO.answer_of(200, json.dumps(KAKAO_PAGE).encode(), CALL)
    assert isinstance(page, Page)
    assert (page.total, page.returned, len(page.results)) == (3854, 3, 2)
    first, second = page.results
    assert (first.rank, first.width, first.height) == (161, 540, 457)
    assert first.link == "http://t1.daumcdn.net/news/201706/21/kedtv/a.jpg"
    assert first.source == "http://v.media.daum.net/v/20170621155930002"
    assert (second.rank, second.width, second.height) == (163, None, None)


def test_kakaos_last_page_ends_the_query() -> None:
    last = {"meta": {"total_count": 9999, "pageable_count": 3854, "is_end": True}, "documents": []}
    page = KAKAO.answer_of(200, json.dumps(last).encode(), CALL)
    assert isinstance(page, Page)
    assert page.total == 160


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (400, {"code": -2, "msg": "query parameter required"}, Trouble.QUERY),
        (400, {"errorType": "MissingParameter", "message": "query parameter required"}, Trouble.QUERY),
        (400, {"errorType": "InvalidArgument", "message": "page is more than max"}, Trouble.QUERY),
        (401, {"code": -401, "msg": "wrong appKey format"}, Trouble.KEYS),
        (401, {"errorType": "AccessDeniedError", "message": "cannot find appkey"}, Trouble.KEYS),
        (403, {"code": -3, "msg": "disabled service"}, Trouble.PERMISSION),
        (429, {"errorType": "RequestThrottled", "message": "limit exceeded"}, Trouble.SPEED),
        (400, {"code": -10, "msg": "API limit has been exceeded."}, Trouble.SPEED),
        (500, {"code": -1, "msg": "internal error"}, Trouble.SERVER),
        (503, {"code": -9798, "msg": "under maintenance"}, Trouble.SERVER),
        (404, {}, Trouble.CLOSED),
        (502, "<html>", Trouble.SERVER),
        (200, {"documents": {}}, Trouble.SHAPE),
        (200, {"results": [], "meta": {}}, Trouble.SHAPE),
    ],
)
def test_each_of_kakaos_errors_is_known(status: int, body: Any, trouble: Trouble) -> None:
    answer = KAKAO.answer_of(status, json.dumps(body).encode(), CALL)
    assert isinstance(answer, ApiError)
    assert answer.trouble is trouble
