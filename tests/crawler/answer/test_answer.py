"""One answer in many pieces."""

import pytest
from scrapy import Request
from scrapy.http import Headers
from scrapy.settings import Settings

from crawler.answer.answer import Answer, AnswerHeaders, Wishes

WISHES = {
    "ROBOTSTXT_USER_AGENT": "bot",
    "CRAWL_MIN_SIDE": 64,
    "CRAWL_OBEY_OPT_OUT": True,
    "CRAWL_MAX_PIXELS": 0,
}


def test_many_tiny_pieces_cost_little_and_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    monkeypatch.setattr("crawler.answer.answer.size_of", lambda begin: looks.append(len(begin)))
    answer = Answer(
        Request("http://a.org/", meta={"image": True}), Wishes(Settings(WISHES)), lambda *a, **b: []
    )
    for line in (b"HTTP/1.1 200 OK\r\n", b"\r\n"):
        assert answer.take_line(line) is None
    for _ in range(400_000):
        answer.take_chunk(b"x")
    assert len(answer.body) == 400_000
    assert len(looks) < 100
    assert 200_000 < looks[-1] < 400_000


def test_a_piece_that_nobody_listens_to_is_counted_all_the_same() -> None:
    answer = Answer(
        Request("http://a.org/", meta={"image": True, "download_maxsize": 100}),
        Wishes(Settings(WISHES)),
        lambda *a, **b: [],
        is_heard=False,
    )
    for line in (b"HTTP/1.1 200 OK\r\n", b"\r\n"):
        assert answer.take_line(line) is None
    assert [answer.take_chunk(b"x" * 20) for _ in range(6)] == [None] * 5 + [-1]
    assert getattr(answer.error, "reason", "") == "TOO_LARGE"


def test_a_small_image_is_refused_by_its_header_although_nobody_listens() -> None:
    answer = Answer(
        Request("http://a.org/", meta={"image": True}),
        Wishes(Settings(WISHES)),
        lambda *a, **b: [],
        is_heard=False,
    )
    for line in (b"HTTP/1.1 200 OK\r\n", b"\r\n"):
        assert answer.take_line(line) is None
    begin = b"GIF89a" + (32).to_bytes(2, "little") * 2
    assert answer.take_chunk(begin[:7]) is None
    assert answer.take_chunk(begin[7:]) == -1
    assert getattr(answer.error, "reason", "") == "TOO_SMALL"


def test_the_headers_of_an_answer_are_those_of_scrapy() -> None:
    lines = [(b"etag", b"1"), (b"X-Robots-Tag", b"noai"), (b"x-robots-tag", b"none"), (b"empty", b"")]
    assert list(AnswerHeaders(lines).items()) == list(Headers(lines).items())
    assert AnswerHeaders(lines).copy().getlist("X-Robots-Tag") == [b"noai", b"none"]
