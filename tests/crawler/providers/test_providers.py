"""Providers: recorded bodies of Kakao, lists of addresses, keys, who may be asked."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crawler.providers.api import ApiError, Keys, Page, SearchApi, SearchCall, Trouble
from crawler.providers.kakao import KAKAO
from crawler.providers.naver import HUB, LEGACY
from crawler.providers.provider import ADVICE, Provider, api_named, open_provider
from crawler.providers.url_list import read_urls
from fashion_pggan.errors import UserError
from fashion_pggan.params import load_params

PARAMS = Path(__file__).resolve().parents[3] / "params.yaml"

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
        (200, {"documents": {}}, Trouble.SERVER),
    ],
)
def test_each_of_kakaos_errors_is_known(status: int, body: Any, trouble: Trouble) -> None:
    answer = KAKAO.answer_of(status, json.dumps(body).encode(), CALL)
    assert isinstance(answer, ApiError)
    assert answer.trouble is trouble


def test_every_trouble_has_advice_that_names_the_keys_to_check_and_never_shows_them() -> None:
    for api in (HUB, LEGACY, KAKAO):
        provider = Provider(api.name, api, Keys("the-key-id", "the-secret"))
        for trouble in ADVICE:
            said = provider.advice_on(ApiError(trouble, 401, "024", "no the-secret of the-key-id"))
            assert "the-secret" not in said
            assert "the-key-id" not in said
        assert f"check {' and '.join(api.keys)} in" in provider.advice_on(ApiError(Trouble.KEYS, 401, "", ""))
    assert "the-secret" not in repr(provider)


@pytest.mark.parametrize("api", [HUB, LEGACY, KAKAO])
def test_every_api_is_found_by_the_name_that_params_have(api: SearchApi) -> None:
    assert api_named(api.name) == api


def test_the_old_platform_differs_in_address_headers_and_keys_alone() -> None:
    asked = LEGACY.request_of(CALL, Keys("id", "secret"))
    assert asked.url.startswith("https://openapi.naver.com/v1/search/image?query=")
    assert asked.headers == {"X-Naver-Client-Id": "id", "X-Naver-Client-Secret": "secret"}


# lists


@pytest.mark.parametrize("name", ["list.txt", "list.csv", "list.parquet"])
def test_a_list_of_addresses_may_be_text_csv_or_parquet(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    urls = ["http://a/1.jpg", "", "https://b/2,3.png"]
    if path.suffix == ".parquet":
        columns = {"url": urls, "caption": ["<b>하나</b>", None, None], "width": [640, None, 0]}
        pq.write_table(pa.table({**columns, "height": [480, 1, 1]}), path)
    elif path.suffix == ".csv":
        path.write_text(
            f'\ufeffcaption,url,width,height\n<b>하나</b>,{urls[0]},640,480\n,,,\n,"{urls[2]}",0,x\n'
        )
    else:
        path.write_text("\n".join(urls))
    found = list(read_urls(path))
    assert [(result.rank, result.link) for result in found] == [(1, urls[0]), (3, urls[2])]
    if path.suffix != ".txt":
        assert (found[0].title, found[0].width, found[0].height) == ("하나", 640, 480)
        assert (found[1].title, found[1].width) == ("", None)


def test_sizes_of_a_table_with_gaps_and_the_names_of_laion_are_understood(tmp_path: Path) -> None:
    columns = {"URL": ["http://a/1", "http://a/2"], "TEXT": ["one", "two"]}
    pq.write_table(
        pa.table({**columns, "WIDTH": [500.0, None], "HEIGHT": [400.0, 1.5]}), tmp_path / "a.parquet"
    )
    found = [(result.title, result.width, result.height) for result in read_urls(tmp_path / "a.parquet")]
    assert found == [("one", 500, 400), ("two", None, 1)]
    (tmp_path / "a.tsv").write_text("url\ttitle\twidth\theight\nhttp://a/1\tone, two\t500.0\tnan\n")
    (result,) = read_urls(tmp_path / "a.tsv")
    assert (result.link, result.title, result.width, result.height) == ("http://a/1", "one, two", 500, None)


@pytest.mark.parametrize("address", ["localhost:8000", "http://127.0.0.1", "http://127.0.0.1:80/shop", "x"])
def test_a_shop_that_runs_already_is_named_whole(address: str) -> None:
    with (
        pytest.raises(UserError, match=r"FASHION_PGGAN_SHOP_URL=.*: give scheme, host and port"),
        open_provider(load_params(PARAMS).crawl, {"FASHION_PGGAN_SHOP_URL": address}),
    ):
        pass


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("none.txt", None, "no list of URLs at .*: give one as crawl.url_list"),
        ("a.csv", b"link,title\nx,y\n", r"has no column url \(it has link, title\)"),
        ("a.parquet", b"PAR?", "cannot be read as a list of URLs"),
        ("a.txt", b"\xff\xfe", "cannot be read as a list of URLs"),
    ],
)
def test_a_list_that_cannot_be_read_is_an_error(
    tmp_path: Path, name: str, content: bytes | None, text: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=text):
        list(read_urls(tmp_path / name))
