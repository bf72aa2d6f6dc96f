"""Middlewares around each download: tombstones, and retries after growing pauses."""

import asyncio
import time
from functools import partial
from typing import Any, Self
from urllib.parse import urljoin

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.downloadermiddlewares.retry import RetryMiddleware, get_retry_request
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.python import to_unicode

from crawler.answer.answer import BRING_AN_IMAGE, Wishes, check_cached
from crawler.answer.failures import (
    BUSY_PAGE,
    LASTING_STATUSES,
    OF_ANSWERS,
    PASSING_STATUSES,
    REFUSALS,
    PostponedError,
    RefusedError,
    reason_of,
)
from crawler.answer.text_answer import is_page, says_too_fast
from crawler.network.addresses import as_linked
from crawler.network.context import download_context_of
from crawler.network.host_rules import referer_of, rules_at
from crawler.network.pacing.hosts import Host, host_at
from crawler.network.pacing.pauses import moment_in, pause_before, retry_after_s

REFUSED_ALONE = 5  # times that an image is refused while its host serves others
ROBOTS_TRIES = 5  # after broken connections: all images of the host wait for its robots.txt
BROKEN = "BROKEN_TRANSFER"
NO_ANSWER = frozenset({"UNREACHABLE", "TIMEOUT"})  # the next attempt may use another scheme


class Gate:
    """Refuses images that have a tombstone, redirected ones too, and every image once the store is full."""

    def __init__(self, crawler: Any) -> None:
        self.crawler, self.wishes = crawler, Wishes(crawler.settings)
        self.has_rules = bool(crawler.settings.get("CRAWL_HOSTS"))

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
            if self.has_rules:
                self._set_referer(request)

    async def process_response(self, request: Any, response: Any) -> Any:
        """Refuse what Scrapy's cache holds and this crawl would not download."""
        if request.meta.get("image") and response.status in BRING_AN_IMAGE and "cached" in response.flags:
            check_cached(request, response, self.wishes)
        return response

    def _set_referer(self, request: Any) -> None:
        settings = self.crawler.settings
        if rule := rules_at(settings, request.url).referer:
            page = getattr(request.cb_kwargs.get("hit"), "source", "")
            if said := referer_of(rule, request.url, page, settings["CRAWL_PROVIDER"]):
                request.headers["Referer"] = said


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


class PausingRetry(RetryMiddleware):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Scrapy's retries, after growing pauses, at the pace that each host bears.

    An image that must wait goes back to the spider as a PostponedError; a request for robots.txt waits here.
    """

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler.settings)
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Any) -> Any:
        """Make the middleware; Scrapy calls this."""
        return cls(crawler)

    async def process_request(self, request: Any) -> None:
        """Wait for a turn; refuse when the host asks for too long a pause or keeps failing."""
        if request.meta.get("dont_retry"):
            return
        host, now = self._host_of(request), time.monotonic()
        wait = host.resume_at - now
        reason = request.meta.get("failed_with", "HOST_BUSY")
        if wait > host.patience_s:
            request.meta["not_before"] = moment_in(wait)
            raise RefusedError(reason, f"the host of {request.url} asks for a pause of {wait:.0f} s")
        if not request.meta.get("image"):
            await asyncio.sleep(max(wait, 0.0))
            return
        if not request.meta.pop("is_due", False) and not host.is_free():
            request.meta["is_due"] = True
            is_untried = "served_then" not in request.meta
            raise PostponedError(request, partial(host.line.append_and_call, is_untried=is_untried))
        if not host.may_be_asked():
            raise RefusedError(reason, f"the host of {request.url} has failed {host.bad} times")
        request.meta["sent_at"] = now

    async def process_response(self, request: Any, response: Any) -> Any:
        """Retry after a status that may pass; hand on every other response."""
        may_pass, host = response.status in PASSING_STATUSES, self._host_of(request)
        if request.meta.get("image"):
            if self._refuses(response):
                await self._refused(request, f"HTTP_{response.status}", host, self._wanted_by(response))
                return response
            if response.status in BRING_AN_IMAGE and response.body:
                return await self._brought(request, response, host)
        host.answered(well=not may_pass)
        if request.meta.get("dont_retry") or not may_pass:
            return response
        wanted = self._wanted_by(response)
        host.pause(wanted)
        if wanted > host.patience_s:
            return response
        return await self._again(request, f"HTTP_{response.status}", wanted) or response

    async def process_exception(self, request: Any, exception: Exception) -> Any:
        """Retry after a failure of the network."""
        if not isinstance(exception, self.exceptions_to_retry):
            if isinstance(exception, RefusedError) and exception.reason in OF_ANSWERS:
                self._host_of(request).answered(well=True)
            return None
        reason, host = reason_of(exception), self._host_of(request)
        tried = request.meta.get("retry_times", 0)
        if reason == BROKEN and request.meta.get("image") and host.pages.images:
            host.broken += not tried
            if tried >= self.max_retry_times:  # the host serves others
                await self._refused(request, reason, host, most=host.tries_after_breaks())
                return None
        host.answered(well=False)
        if request.meta.get("dont_retry") or (request.meta.get("or_by_https") and reason in NO_ANSWER):
            return None
        return await self._again(request, reason, 0.0)

    async def _brought(self, request: Any, response: Any, host: Host) -> Any:
        """Hand on an image; ask again for one in whose place a page came, where it may be a refusal."""
        says_so, pages = says_too_fast(response.body), host.pages
        if not says_so and not is_page(response.body):
            host.answered(well=True)
            pages.image_came(request)
            return response
        if says_so or await pages.is_refusal(self._brings_a_page):
            await self._refused(request, BUSY_PAGE, host)
            raise RefusedError(BUSY_PAGE, f"{request.url} brings a page, as to who asks too fast")
        host.answered(well=True)
        tried = request.meta.get("pages", 0)
        if pages.may_pass(tried):
            again = request.copy()
            again.meta["pages"] = tried + 1
            await self._pause(again, pause_before(tried + 1))
        return response

    async def _brings_a_page(self, served: Any) -> bool:
        """Whether a page comes for a request that was served with an image before."""
        meta = {"verbatim_url": True, "dont_retry": True}
        request = Request(served.url, headers=served.headers, meta=meta, callback=NO_CALLBACK)
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception:  # it tells nothing
            return False
        return response.status in BRING_AN_IMAGE and is_page(response.body)

    async def _refused(
        self, request: Any, reason: str, host: Host, wanted: float = 0.0, most: int | None = None
    ) -> None:
        """Ask again when the host may bear it; returns when the image is given up.

        Args:
            request: that was refused.
            reason: the name of the refusal.
            host: that refuses.
            wanted: the pause in seconds that it asks for.
            most: times that an image is asked for again while its host serves others; None: as for refusals.

        Raises:
            PostponedError: the image waits for its turn.
        """
        if wanted > host.patience_s:
            self._put_off(request, host, wanted)
            return
        most = max(self.max_retry_times, REFUSED_ALONE) if most is None else most
        of_pace = host.refused(request.meta.get("sent_at", 0.0), request.meta.get("served_then"))
        own = request.meta.get("refused_alone", 0) + (not of_pace)
        waited = request.meta.get("waited", 0.0) + (0.0 if of_pace else wanted)
        if of_pace or own == 1:  # otherwise it may be of this image alone
            host.pause(wanted)
        if waited > host.patience_s:
            self._put_off(request, host, wanted)
        if waited > host.patience_s or host.is_given_up() or own > most:
            return
        again = request.copy()
        again.meta["refused_alone"], again.meta["served_then"] = own, host.served
        again.meta["failed_with"], again.meta["waited"] = reason, waited
        again.meta["retry_times"] = request.meta.get("retry_times", 0) + 1
        if of_pace:
            again.meta["is_due"] = True
            raise PostponedError(again, host.line.append_and_call)
        await self._pause(again, max(wanted, pause_before(min(own, REFUSED_ALONE))))

    def _put_off(self, request: Any, host: Host, wanted: float) -> None:
        request.meta["not_before"] = moment_in(wanted)
        host.puts_off(wanted)

    def _refuses(self, response: Any) -> bool:
        """Whether an answer is of the host's pace: so is any error that says when to come again."""
        says_when = response.status >= 400 and self._wanted_by(response) > 0
        return response.status in REFUSALS or (says_when and response.status not in LASTING_STATUSES)

    def _wanted_by(self, response: Any) -> float:
        """The pause in seconds that Retry-After asks for."""
        return retry_after_s(response.headers.get("Retry-After") or b"")

    def _host_of(self, request: Any) -> Host:
        return host_at(self.crawler, request.url)

    async def _again(self, request: Any, reason: str, wanted: float) -> Any:
        attempts, is_robots = request.meta.get("retry_times", 0), "dont_obey_robotstxt" in request.meta
        retry = get_retry_request(
            request,
            spider=self.crawler.spider,
            reason=reason,
            max_retry_times=max(self.max_retry_times, ROBOTS_TRIES if is_robots and reason == BROKEN else 0),
            give_up_log_level=self.give_up_log_level,
        )
        if retry is not None:
            retry.meta["failed_with"] = reason
            await self._pause(retry, max(wanted, pause_before(attempts + 1)))
        return retry

    async def _pause(self, request: Any, seconds: float) -> None:
        if request.meta.get("image"):
            loop = asyncio.get_running_loop()
            raise PostponedError(request, lambda due: loop.call_later(seconds, due))
        await asyncio.sleep(seconds)
