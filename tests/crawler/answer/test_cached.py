"""What Scrapy's HTTP cache keeps."""

import pytest
from scrapy import Request
from scrapy.http import Response
from scrapy.settings import Settings

from crawler.answer.cached import SuccessPolicy

LINK = "https://shop.example/1.jpg"


def policy(**changes: object) -> SuccessPolicy:
    return SuccessPolicy(Settings(changes))


@pytest.mark.parametrize(
    ("is_image", "status", "body", "kept"),
    [
        (True, 200, b"\xff\xd8", True),
        (True, 206, b"\xff\xd8", True),
        (True, 302, b"", True),
        (True, 200, b"", False),
        (True, 200, b"<html><h1>403 Forbidden</h1></html>", False),
        (True, 200, b"Too Many Requests", False),
        (True, 403, b"\xff\xd8", False),
        (True, 404, b"", False),
        (True, 500, b"\xff\xd8", False),
        (True, 503, b"", False),
        (False, 200, b"User-agent: *", True),
        (False, 404, b"<html>", True),  # robots.txt
        (False, 429, b"", False),
        (False, 501, b"", False),
    ],
)
def test_the_cache_keeps_and_uses_no_failure(is_image: bool, status: int, body: bytes, kept: bool) -> None:
    request = Request(LINK, meta={"image": True} if is_image else {})
    response = Response(LINK, status=status, body=body)
    assert policy().should_cache_response(response, request) is kept
    assert policy().is_cached_response_fresh(response, request) is kept
    assert policy(HTTPCACHE_IGNORE_MISSING=True).is_cached_response_fresh(response, request)
    assert not policy(HTTPCACHE_IGNORE_HTTP_CODES=[status]).should_cache_response(response, request)
