"""Middlewares around each download: tombstones, and retries after growing pauses."""

import asyncio
import time
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.downloadermiddlewares.retry import RetryMiddleware, get_retry_request
from scrapy.utils.python import to_unicode

from crawler.answer.failures import OF_ANSWERS, PASSING_STATUSES, PostponedError, RefusedError, reason_of
from crawler.network.addresses import as_linked
from crawler.network.context import download_context_of
from crawler.network.pauses import LONGEST_PAUSE_S, pause_before, retry_after_s

NO_ANSWER = frozenset({"UNREACHABLE", "TIMEOUT"})  # the next attempt may use another scheme
PATIENCE_S, PATIENCE = 60.0, 20  # seconds and failures in a row after which a host is left alone
PROBE_S = 300.0  # before one request probes it again


class Gate:
    """Refuses images that have a tombstone, redirected ones too, and every image once the store is full."""

    def __init__(self, crawler: Any) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        """Make the middleware; Scrapy calls this."""
        return cls(crawler)

    async def process_request(self, request: Any) -> None:
        """Refuse an image that must not be requested."""
        if request.meta.get("image"):
            context = download_context_of(self.crawler)
            if context.is_full():
                raise RefusedError("NOT_STORED", "the store takes no more images")
            if context.is_forbidden(request.url):
                raise RefusedError("FORGOTTEN", f"{request.url} has a tombstone")


class Redirects(RedirectMiddleware):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Scrapy's redirects, for images to the very letters of Location: a signed address has one spelling."""

    def process_response(self, request: Any, response: Any) -> Any:
        """Follow a redirect."""
        after = super().process_response(request, response)
        if after is response or not request.meta.get("image"):
            return after
        location = to_unicode(response.headers["Location"], errors="percentencode")  # w3lib's handler
        try:
            return after.replace(url=as_linked(urljoin(request.url, location)))
        except ValueError:  # the download handler refuses it
            return after


class Host:
    """How a host has answered lately."""

    def __init__(self) -> None:
        self.resume_at = 0.0  # by the monotonic clock; Retry-After asks for it
        self.bad = 0  # failures since the last good answer
        self.first_bad = self.last_bad = 0.0
        self.probe_at = 0.0  # when one request may probe a host that is left alone

    def answered(self, *, well: bool) -> None:
        """Count an answer or a failure."""
        if well:
            self.bad = 0
            return
        self.last_bad = time.monotonic()
        self.first_bad = self.first_bad if self.bad else self.last_bad
        self.bad += 1
        self.probe_at = self.last_bad + PROBE_S

    def may_be_asked(self) -> bool:
        """Whether to send it a request; after many failures over a long time, only one now and then."""
        if self.bad < PATIENCE or self.last_bad - self.first_bad < PATIENCE_S:
            return True
        if time.monotonic() < self.probe_at:
            return False
        self.probe_at = time.monotonic() + PROBE_S
        return True


class PausingRetry(RetryMiddleware):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Scrapy's retries, after growing pauses; Retry-After holds for all images of a host.

    An image that must wait goes back to the spider as a PostponedError; a request for robots.txt waits here.
    """

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler.settings)
        self.crawler = crawler
        self.hosts: dict[str, Host] = {}

    @classmethod
    def from_crawler(cls, crawler: Any) -> Any:
        """Make the middleware; Scrapy calls this."""
        return cls(crawler)

    async def process_request(self, request: Any) -> None:
        """Wait as long as the host asks for; refuse when that is too long or the host keeps failing."""
        host = self._host_of(request)
        wait = host.resume_at - time.monotonic()
        if wait > LONGEST_PAUSE_S:
            raise RefusedError("HOST_BUSY", f"the host of {request.url} asks for a pause of {wait:.0f} s")
        if request.meta.get("image") and not host.may_be_asked():
            raise RefusedError("HOST_BUSY", f"the host of {request.url} has failed {host.bad} times")
        if wait > 0:
            await self._pause(request, wait)

    async def process_response(self, request: Any, response: Any) -> Any:
        """Retry after a status that may pass; hand on every other response."""
        may_pass, host = response.status in PASSING_STATUSES, self._host_of(request)
        host.answered(well=not may_pass)
        if request.meta.get("dont_retry") or not may_pass:
            return response
        wanted = retry_after_s(response.headers.get("Retry-After") or b"")
        if wanted:
            host.resume_at = time.monotonic() + wanted
        if wanted > LONGEST_PAUSE_S:
            return response
        return await self._again(request, f"HTTP_{response.status}", wanted) or response

    async def process_exception(self, request: Any, exception: Exception) -> Any:
        """Retry after a failure of the network."""
        if not isinstance(exception, self.exceptions_to_retry):
            if isinstance(exception, RefusedError) and exception.reason in OF_ANSWERS:
                self._host_of(request).answered(well=True)
            return None
        self._host_of(request).answered(well=False)
        reason = reason_of(exception)
        if request.meta.get("dont_retry") or (request.meta.get("or_by_https") and reason in NO_ANSWER):
            return None
        return await self._again(request, reason, 0.0)

    def _host_of(self, request: Any) -> Host:
        return self.hosts.setdefault(urlsplit(request.url).netloc, Host())

    async def _again(self, request: Any, reason: str, wanted: float) -> Any:
        attempts = request.meta.get("retry_times", 0)
        retry = get_retry_request(
            request,
            spider=self.crawler.spider,
            reason=reason,
            max_retry_times=self.max_retry_times,
            give_up_log_level=self.give_up_log_level,
        )
        if retry is not None:
            await self._pause(retry, max(wanted, pause_before(attempts + 1)))
        return retry

    async def _pause(self, request: Any, seconds: float) -> None:
        if request.meta.get("image"):
            raise PostponedError(request, seconds)
        await asyncio.sleep(seconds)
