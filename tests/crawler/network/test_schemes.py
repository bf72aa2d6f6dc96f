"""Images by https, or by http where https fails."""

from collections.abc import Callable
from typing import Any

import pytest

from crawler.network.addresses import canonical_url

Crawl = Callable[..., dict[str, Any]]


def test_https_that_fails_does_not_keep_http_from_being_asked(
    shop: Any, crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shop speaks no TLS, and its port is not the usual one: so the address is changed by hand."""
    monkeypatch.setattr(
        "crawler.session.frontier.canonical_url", lambda link: canonical_url(link).replace("http:", "https:")
    )
    figures = crawl()
    assert (figures["images"], figures["failed"]) == (30, {})
    assert shop.requests["/robots.txt"] == 1  # by http
