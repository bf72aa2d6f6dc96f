"""Around every picture's download: what is not asked for, robots.txt, further tries after growing pauses."""

import asyncio
import time
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.retry import RetryMiddleware, get_retry_request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware

from crawler import pace
from crawler.network.reasons import PASSING_STATUSES, PostponedError, RefusedError, reason_of

ROBOTS_BYTES = 512 * 1024  # of robots.txt that are read; RFC 9309 asks for 500 KiB at least


class Gate:
    """Lets no picture through that has a tombstone, also after redirects, nor any once the store refuses."""

    def __init__(self, crawler: Any) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        """Scrapy's way to make it."""
        return cls(crawler)

    async def process_request(self, request: Any) -> None:
        """Refuse what is not to be asked for."""
        if request.meta.get("picture"):
            if self.crawler.spider.refused:
                raise RefusedError("NOT_STORED", "the store takes no more pictures")
            if self.crawler.spider.forbids(request.url):
                raise RefusedError("FORGOTTEN", f"{request.url} has a tombstone")


class Robots(RobotsTxtMiddleware):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """robots.txt as RFC 9309 has it: what cannot be read forbids all, what is not there nothing."""

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self.unreadable: dict[str, str] = {}  # why, by host and port

    async def process_request(self, request: Any) -> None:
        """Refuse what robots.txt forbids, or might forbid."""
        await super().process_request(request)
        reason = self.unreadable.get(urlsplit(request.url).netloc)
        if reason and not request.meta.get("dont_obey_robotstxt"):
            raise RefusedError(reason, f"robots.txt of {request.url} cannot be read")

    async def _parse_robots(self, response: Any, netloc: str, request: Any) -> None:
        if response.status >= 500 or response.status == 429:
            self.unreadable[netloc] = "ROBOTS_UNREADABLE"
        body = b"" if response.status >= 400 else response.body[:ROBOTS_BYTES]
        await super()._parse_robots(response.replace(body=body), netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self.unreadable[netloc] = reason_of(exc)
        super()._robots_error(exc, netloc)


class PausingRetry(RetryMiddleware):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Scrapy's retries after a growing pause; Retry-After holds for all pictures of a host.

    A picture that waits is handed back to the spider as a PostponedError; robots.txt waits where it is.
    """

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler.settings)
        self.crawler = crawler
        self.resume_at: dict[str, float] = {}  # by host, by the monotonic clock

    @classmethod
    def from_crawler(cls, crawler: Any) -> Any:
        """Scrapy's way to make it."""
        return cls(crawler)

    async def process_request(self, request: Any) -> None:
        """Wait while the host wants to be left alone; refuse when that is too long."""
        wait = self.resume_at.get(urlsplit(request.url).netloc, 0.0) - time.monotonic()
        if wait > pace.LONGEST_PAUSE_S:
            raise RefusedError("HOST_BUSY", f"{request.url} asks to be left alone for {wait:.0f} s")
        if wait > 0:
            await self._pause(request, wait)

    async def process_response(self, request: Any, response: Any) -> Any:
        """Ask again after an answer that may pass; hand on every other."""
        if request.meta.get("dont_retry") or response.status not in PASSING_STATUSES:
            return response
        wanted = pace.retry_after_s(response.headers.get("Retry-After") or b"")
        if wanted:
            self.resume_at[urlsplit(request.url).netloc] = time.monotonic() + wanted
        if wanted > pace.LONGEST_PAUSE_S:
            return response
        return await self._again(request, f"HTTP_{response.status}", wanted) or response

    async def process_exception(self, request: Any, exception: Exception) -> Any:
        """Ask again after a failure of the network."""
        if isinstance(exception, self.exceptions_to_retry) and not request.meta.get("dont_retry"):
            return await self._again(request, reason_of(exception), 0.0)
        return None

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
            await self._pause(retry, max(wanted, pace.pause_before(attempts + 1)))
        return retry

    async def _pause(self, request: Any, seconds: float) -> None:
        if request.meta.get("picture"):
            raise PostponedError(request, seconds)
        await asyncio.sleep(seconds)
