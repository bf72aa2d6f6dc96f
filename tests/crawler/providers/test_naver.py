import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.providers.api import ApiError, Keys, Page, SearchCall, Trouble, clean_title
from crawler.providers.naver import HUB, answer_of, error_of, request_of

# recorded by hand from the API's documents
IMAGE_PAGE = """{"lastBuildDate":"Mon, 14 Feb 2022 05:01:40 +0900","total":3815005,"start":1,"display":3,
"items":[
 {"title":"<b>반팔티</b> 무지 &amp; 오버핏 : 몰킹몰","link":"http://shop1.phinf.naver.net/20210628_112/a.jpg_1200x1200.jpg",
  "thumbnail":"https://search.pstatic.net/common/?src=http://shop1.phinf.naver.net/20210628_112/a.jpg&type=b150",
  "sizeheight":"800","sizewidth":"600"},
 {"title":"no link","link":"","thumbnail":"","sizeheight":"1","sizewidth":"1"},
 {"title":"no sizes","link":"https://i.imgur.com/FEadgZe.png","thumbnail":"","sizeheight":"0"}]}""".encode()


def legacy(code: str, message: str) -> bytes:
    return json.dumps({"errorMessage": message, "errorCode": code}, ensure_ascii=False).encode()


def gateway(code: str, message: str) -> bytes:
    error = {"errorCode": code, "message": message, "details": "details"}
    return json.dumps({"error": error}).encode()


DOCUMENTED_ERRORS = [
    (400, legacy("SE01", "Incorrect query request (잘못된 쿼리요청 입니다.)"), Trouble.QUERY),
    (400, legacy("SE02", "Invalid display value"), Trouble.REQUEST),
    (400, legacy("SE03", "Invalid start value"), Trouble.WINDOW),
    (400, legacy("SE04", "Invalid sort value"), Trouble.REQUEST),
    (400, legacy("SE06", "Malformed encoding"), Trouble.REQUEST),
    (404, legacy("SE05", "Invalid search api (존재하지 않는 검색 api 입니다.)"), Trouble.CLOSED),
    (500, legacy("SE99", "System Error"), Trouble.SERVER),
    (401, legacy("024", "Authentication failed"), Trouble.KEYS),
    (401, legacy("028", "Authentication header not exists"), Trouble.KEYS),
    (403, legacy("025", "Not enabled for this application"), Trouble.PERMISSION),
    (429, legacy("012", "Rate limit exceeded. (속도 제한을 초과했습니다.)"), Trouble.SPEED),
    (429, legacy("010", "Query limit exceeded"), Trouble.QUOTA),
    (400, gateway("100", "Bad Request Exception"), Trouble.QUERY),
    (401, gateway("200", "Authentication Failed"), Trouble.KEYS),
    (401, gateway("210", "Permission Denied"), Trouble.PERMISSION),
    (404, gateway("300", "Not Found Exception"), Trouble.CLOSED),
    (429, gateway("400", "Quota Exceeded"), Trouble.QUOTA),
    (429, gateway("410", "Throttle Limited"), Trouble.SPEED),
    (429, gateway("420", "Rate Limited"), Trouble.SPEED),
    (413, gateway("430", "Request Entity Too Large"), Trouble.REQUEST),
    (503, gateway("500", "Endpoint Error"), Trouble.SERVER),
    (504, gateway("510", "Endpoint Timeout"), Trouble.SERVER),
    (500, gateway("900", "Unexpected Error"), Trouble.SERVER),
]


@pytest.mark.parametrize(("status", "body", "trouble"), DOCUMENTED_ERRORS)
def test_each_documented_error_is_known_by_its_body(status: int, body: bytes, trouble: Trouble) -> None:
    assert error_of(status, body).trouble is trouble


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (429, b"", Trouble.SPEED),
        (429, gateway("499", "Monthly Quota Exceeded"), Trouble.QUOTA),
        (401, b"<html>401</html>", Trouble.KEYS),
        (403, b"", Trouble.PERMISSION),
        (404, b"\xff\xfe", Trouble.CLOSED),
        (500, b"[" * 100_000, Trouble.SERVER),
        (502, b"<html>", Trouble.SERVER),
        (302, b"", Trouble.SERVER),
        (429, json.dumps({"errorCode": 10, "errorMessage": None}).encode(), Trouble.SPEED),
    ],
)
def test_an_error_without_a_known_code_is_judged_by_its_status(
    status: int, body: bytes, trouble: Trouble
) -> None:
    assert error_of(status, body).trouble is trouble


def test_an_error_says_status_code_and_message() -> None:
    assert str(error_of(429, gateway("400", "Quota Exceeded"))) == "429 400 Quota Exceeded: details"


def test_a_page_gives_rank_clean_title_link_and_sizes_as_numbers() -> None:
    page = answer_of(200, IMAGE_PAGE, start=101)
    assert isinstance(page, Page)
    assert (page.total, page.returned, [result.rank for result in page.results]) == (3815005, 3, [101, 103])
    shirt, bare = page.results
    assert shirt.title == "반팔티 무지 & 오버핏 : 몰킹몰"
    assert shirt.link == "http://shop1.phinf.naver.net/20210628_112/a.jpg_1200x1200.jpg"
    assert (shirt.width, shirt.height) == (600, 800)
    assert (bare.width, bare.height) == (None, None)


def test_an_empty_page_is_a_page() -> None:
    page = answer_of(200, b'{"total":0,"start":1,"display":0,"items":[]}', start=1)
    assert page == Page(total=0, returned=0, results=())


@pytest.mark.parametrize("body", [b"", b"null", b"<html>", b'{"items":[', b"\x80"])
def test_a_good_status_without_a_page_is_a_server_error(body: bytes) -> None:
    answer = answer_of(200, body, start=1)
    assert isinstance(answer, ApiError)
    assert answer.trouble is Trouble.SERVER


def test_a_quota_error_under_a_good_status_is_still_a_quota_error() -> None:
    answer = answer_of(200, legacy("010", "Query limit exceeded"), start=1)
    assert isinstance(answer, ApiError)
    assert answer.trouble is Trouble.QUOTA


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
items = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("title", "link", "sizewidth", "sizeheight"), json_values)
)


@given(st.fixed_dictionaries({"items": st.lists(json_values | items)}, optional={"total": json_values}))
def test_whatever_the_items_hold_a_page_can_be_read_and_written_again(answer: dict[str, Any]) -> None:
    page = answer_of(200, json.dumps(answer).encode(), start=1)
    assert isinstance(page, Page)
    assert page.returned == len(answer["items"])
    for result in page.results:
        assert result.title.encode().decode() == result.title
        assert result.link


def test_a_request_carries_the_parameters_and_the_keys_in_headers_alone() -> None:
    asked = request_of(SearchCall("남자 반팔티", 101, 100, "sim", "large"), HUB, Keys("the-id", "the-secret"))
    address = urlsplit(asked.url)
    assert f"{address.scheme}://{address.netloc}{address.path}" == HUB.address
    parameters = {
        "query": ["남자 반팔티"],
        "start": ["101"],
        "display": ["100"],
        "sort": ["sim"],
        "filter": ["large"],
    }
    assert parse_qs(address.query) == parameters
    assert asked.headers == {"X-NCP-APIGW-API-KEY-ID": "the-id", "X-NCP-APIGW-API-KEY": "the-secret"}
    assert "the-secret" not in repr(asked) + repr(Keys("the-id", "the-secret"))


def test_keys_are_hidden_in_what_an_answer_repeats() -> None:
    assert Keys("the-id", "the-secret").hidden_in("no key the-secret of the-id") == "no key *** of ***"


@pytest.mark.parametrize(
    ("title", "cleaned"),
    [
        ("스파오 <b>반팔</b> 티셔츠", "스파오 반팔 티셔츠"),
        ("A &amp; B &quot;C&quot; &#39;D&#39;", "A & B \"C\" 'D'"),
        ("twice &amp;amp; escaped", "twice & escaped"),
        ("&lt;b&gt;bold&lt;/b&gt;", "bold"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("  a\t\nb  ", "a b"),
        ("a\x01b\x00 c&#8; d\ud800\ufffe", "a b c d"),
        ("", ""),
    ],
)
def test_titles_lose_tags_entities_and_doubled_blanks(title: str, cleaned: str) -> None:
    assert clean_title(title) == cleaned


@given(st.text() | st.text(alphabet="<>b/&;amplt# ", max_size=40))
def test_cleaning_a_title_twice_is_cleaning_it_once(title: str) -> None:
    assert clean_title(clean_title(title)) == clean_title(title)


@pytest.mark.parametrize("odd", [b"a\tb", b"a\x00b", b"\xec\x83", rb"\ud83d", b"\x1b[2J", b"\xff\xfe"])
def test_an_odd_character_in_a_title_costs_no_page(odd: bytes) -> None:
    body = IMAGE_PAGE.replace(b"no sizes", odd)
    page = answer_of(200, body, start=1)
    assert isinstance(page, Page)
    assert [result.rank for result in page.results] == [1, 3]


@pytest.mark.parametrize(
    "body",
    [
        IMAGE_PAGE + b"\n<!-- cache hit -->",
        b"callback(" + IMAGE_PAGE + b");",
        b")]}',\n" + IMAGE_PAGE,
        b"\xef\xbb\xbf\r\n" + IMAGE_PAGE + b"\0",
        IMAGE_PAGE.decode().encode("utf-16"),
        IMAGE_PAGE.decode().encode("utf-16-le"),
    ],
    ids=range(6),
)
def test_what_stands_around_an_answer_costs_no_page(body: bytes) -> None:
    page = answer_of(200, body, start=1)
    assert page == answer_of(200, IMAGE_PAGE, start=1)
    assert isinstance(page, Page)


@pytest.mark.parametrize(
    ("spoil", "into", "ranks"),
    [
        (b"no sizes", rb"a \x escape", [1]),
        (b"no sizes", b'an "inner" mark', [1]),
        (b'"sizeheight":"0"}]}', b'"sizeheight":"0"', [1]),
        (b'{"title":"<b>', b'{title:"<b>', [2]),
        (b'"sizeheight":"0"}]}', b'"sizeheight":"0","meta":{"link":{"a":[1,{"b":"}"}]}}}', [1, 3]),
        (b'"sizeheight":"0"}]}', b'"sizeheight":"0","title":"{a} } {b"},{"link":"http://a/3"}', [1, 3, 4]),
        (b'"items"', b'"result":{"link":"x', [1, 3]),
    ],
)
def test_what_is_whole_of_a_damaged_answer_is_at_hand(spoil: bytes, into: bytes, ranks: list[int]) -> None:
    answer = answer_of(200, IMAGE_PAGE.replace(spoil, into), start=1)
    assert isinstance(answer, ApiError)
    assert answer.trouble is Trouble.SERVER
    assert answer.rest is not None
    assert [result.rank for result in answer.rest.results] == ranks


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        (b"[]", "[]"),
        (b"{}", "{}"),
        (b'{"items":{}}', "{items: {}}"),
        (b'{"items":null,"total":7}', "{items: null, total: int}"),
        (b'{"total":9,"results":[{"name":"x"}]}', "{total: int, results: [{name: str}, ...]}"),
    ],
)
def test_an_answer_without_its_list_is_of_another_shape_which_is_named_without_values(
    body: bytes, shape: str
) -> None:
    answer = answer_of(200, body, start=1)
    assert isinstance(answer, ApiError)
    assert (answer.trouble, answer.message) == (Trouble.SHAPE, shape)


@pytest.mark.parametrize(
    ("total", "read"),
    [
        ("3815005", 3815005),
        ('"3,815,005"', 3815005),
        ("null", None),
        ('"many"', None),
        ("0", 0),
        ("-1", None),
    ],
)
def test_a_total_that_is_not_understood_is_unknown(total: str, read: int | None) -> None:
    page = answer_of(200, IMAGE_PAGE.replace(b"3815005", total.encode()), start=1)
    assert isinstance(page, Page)
    assert (page.total, page.returned) == (read, 3)


@pytest.mark.parametrize("total", [0, 7, 5000, None, "5,000"])
def test_null_behind_the_last_result_is_an_empty_page(total: object) -> None:
    body = json.dumps({"total": total, "start": 101, "display": 0, "items": None}).encode()
    page = answer_of(200, body, start=101)
    assert isinstance(page, Page)
    assert (page.returned, page.results, page.shape) == (0, (), "")


def test_no_list_and_no_results_are_an_empty_page() -> None:
    assert answer_of(200, b'{"total":0,"items":null}', start=1) == Page(total=0, returned=0, results=())
