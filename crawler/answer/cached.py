"""What Scrapy's HTTP cache keeps: images, redirects and robots.txt, but no failure."""

from typing import Any

from scrapy.extensions.httpcache import DummyPolicy

from crawler.answer.failures import PASSING_STATUSES
from crawler.answer.text_answer import is_page, says_too_fast


class SuccessPolicy(DummyPolicy):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Keeps no failure: retries and later runs would read it from the cache for good."""

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self.cache_alone = settings.getbool("HTTPCACHE_IGNORE_MISSING")

    def should_cache_response(self, response: Any, request: Any) -> bool:
        """Whether an answer is kept."""
        return super().should_cache_response(response, request) and _succeeds(response, request)

    def is_cached_response_fresh(self, cachedresponse: Any, request: Any) -> bool:
        """Whether an answer is used; an earlier version kept failures."""
        return self.cache_alone or _succeeds(cachedresponse, request)

    def is_cached_response_valid(self, cachedresponse: Any, response: Any, request: Any) -> bool:
        """Whether a failure in the cache replaces the new answer."""
        return False


def _succeeds(response: Any, request: Any) -> bool:
    if not request.meta.get("image"):  # robots.txt: a missing one permits everything
        return int(response.status) < 500 and response.status not in PASSING_STATUSES
    body, status = bytes(response.body), int(response.status)
    if status >= 300:
        return status < 400
    return bool(body) and not is_page(body) and not says_too_fast(body)
