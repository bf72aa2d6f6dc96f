"""Texts in place of images."""

import pytest

from crawler.answer.text_answer import is_page, says_too_fast

SAY_TOO_FAST = [
    b"<!DOCTYPE html><html><title>Too Many Requests</title></html>",
    b"<html><body>You have been rate-limited</body></html>",
    b'{"error": {"code": "rate_limited"}}',
    b'{\n  "message": "API rate limit exceeded"\n}',
    b"Too Many Requests",
    b"<html><title>503 Service Temporarily Unavailable</title></html>",
    b"<html><head><title>502 Bad Gateway</title></head></html>",
    b"<Error><Code>SlowDown</Code></Error>",
    "<html><body>요청이 너무 많습니다. 잠시 후 다시 시도해 주세요.</body></html>".encode(),
]
OTHERS = [
    b"<html><h1>403 Forbidden</h1></html>",
    b'{"error": "not found"}',
    b"\xff\xd8\xff\xe0 too many requests",
    b"GIF89a\xff rate limit",
    b"",
]


@pytest.mark.parametrize("body", SAY_TOO_FAST)
def test_a_text_that_says_too_fast_is_recognised(body: bytes) -> None:
    assert says_too_fast(body)


@pytest.mark.parametrize("body", OTHERS)
def test_other_answers_do_not_say_so(body: bytes) -> None:
    assert not says_too_fast(body)


@pytest.mark.parametrize(
    ("body", "is_one"),
    [
        (b"\n <!doctype html>", True),
        (b'{\n "a": 1}', True),
        (b'[ {"a": 1}]', True),
        (b"<?xml version='1.0'?><svg>", False),
        (b"{}", False),
        (b"\x89PNG\r\n\x1a\n", False),
    ],
)
def test_html_and_json_are_pages(body: bytes, is_one: bool) -> None:
    assert is_page(body) is is_one
