"""What the spider does with a request that got no answer."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from crawler.answer.failures import MAY_PASS, PostponedError, RefusedError, reason_of
from crawler.network.addresses import canonical_url
from crawler.network.middlewares import PausingRetry
from crawler.network.pacing.hosts import host_at
from crawler.providers.api import Keys
from crawler.providers.naver import HUB
from crawler.providers.provider import Provider
from crawler.spiders.naver_tops import NaverTops
from crawler.store.items import SearchHit

LINK = "http://a.org/1.jpg"
BY_HTTPS = "https://a.org/1.jpg"


def answers(link: str, asked: tuple[str, ...], error: Exception) -> tuple[list[Any], list[str]]:
    """The requests that follow a failure, and the reasons counted."""
    spider, counted = NaverTops(), list[str]()
    spider.crawl = SimpleNamespace(provider=Provider("naver_hub", HUB, Keys("", "")))  # type: ignore[assignment]  # a crawl opens files
    spider._lost = lambda hit, reason: counted.append(reason)  # type: ignore[method-assign]  # counts in a crawl
    hit = SearchHit(canonical_url(link), link, "", "", "", 1, None, None, "")
    request = Request(asked[-1], cb_kwargs={"hit": hit}, meta={"asked": asked})
    return list(spider.failed(SimpleNamespace(value=error, request=request))), counted


def test_an_image_that_was_linked_by_http_and_fails_is_asked_for_by_https_once() -> None:
    (again,), counted = answers(LINK, (LINK,), DownloadConnectionRefusedError())
    assert (again.url, counted) == (BY_HTTPS, [])
    asked = again.meta["asked"]
    assert answers(LINK, asked, DownloadConnectionRefusedError()) == ([], ["UNREACHABLE"])


def test_an_image_that_was_linked_by_https_is_not_asked_for_by_http() -> None:
    assert answers(BY_HTTPS, (BY_HTTPS,), DownloadTimeoutError()) == ([], ["TIMEOUT"])


def test_an_image_that_may_be_asked_for_by_https_is_retried_by_http_unless_that_gives_no_answer() -> None:
    crawler = get_crawler(NaverTops, {"RETRY_TIMES": 2})
    crawler.spider = NaverTops()
    crawler.spider.crawler = crawler
    retry = PausingRetry(crawler)

    def asked() -> Request:
        return Request(LINK, meta={"image": True, "or_by_https": True})

    for again in (
        lambda: retry.process_response(asked(), Response(LINK, status=503)),
        lambda: retry.process_exception(asked(), ResponseDataLossError()),
    ):
        with pytest.raises(PostponedError):
            asyncio.run(again())
    for error in (DownloadTimeoutError(), DownloadConnectionRefusedError()):
        assert asyncio.run(retry.process_exception(asked(), error)) is None


@pytest.mark.parametrize(
    ("error", "reason", "may_pass"),
    [
        (DownloadTimeoutError(), "TIMEOUT", True),
        (CannotResolveHostError(), "UNREACHABLE", True),
        (ResponseDataLossError(), "BROKEN_TRANSFER", True),
        (DownloadFailedError(), "BROKEN_TRANSFER", True),
        (ConnectionResetError(), "BROKEN_TRANSFER", True),
        (IgnoreRequest("Forbidden by robots.txt"), "ROBOTS", False),
        (IgnoreRequest("max redirections reached"), "REDIRECTS", False),
        (IgnoreRequest(f"Ignored request not in cache: <GET {LINK}>"), "NOT_CACHED", True),
        (RefusedError("OPTED_OUT", "says noai"), "OPTED_OUT", False),
        (ValueError(), "BAD_ADDRESS", False),
        (KeyError(), "KEYERROR", False),
    ],
)
def test_every_error_has_a_reason_that_may_pass_or_stays(
    error: Exception, reason: str, may_pass: bool
) -> None:
    assert reason_of(error) == reason
    assert (reason in MAY_PASS) is may_pass


def test_an_image_that_waits_for_its_host_when_the_crawl_is_stopped_is_not_given_up() -> None:
    spider = NaverTops()
    left: list[str] = []
    spider.pending = SimpleNamespace(leave=lambda: left.append("left"))  # no crawl: a loss would be an error
    failure = SimpleNamespace(value=asyncio.CancelledError(), request=None)
    assert list(spider.failed(failure)) == []
    assert left == ["left"]


@pytest.mark.parametrize(
    ("error", "reason"), [(ResponseDataLossError(), "BROKEN_TRANSFER"), (DownloadTimeoutError(), "TIMEOUT")]
)
@pytest.mark.parametrize("pause_s", [0.0, 1e6])
def test_an_image_that_is_not_asked_for_again_keeps_the_reason_of_its_last_failure(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str, pause_s: float
) -> None:
    crawler = get_crawler(NaverTops, {"RETRY_TIMES": 2})
    crawler.spider = NaverTops()
    crawler.spider.crawler = crawler
    retry = PausingRetry(crawler)
    with pytest.raises(PostponedError) as postponed:
        asyncio.run(retry.process_exception(Request(LINK, meta={"image": True}), error))
    host = host_at(crawler, LINK)
    monkeypatch.setattr(host, "may_be_asked", lambda: False)
    host.pause(pause_s)
    for request, counted in (
        (postponed.value.request, reason),
        (Request(LINK, meta={"image": True, "is_due": True}), "HOST_BUSY"),
    ):
        request.meta["is_due"] = True
        with pytest.raises(RefusedError) as refused:
            asyncio.run(retry.process_request(request))
        assert refused.value.reason == counted
