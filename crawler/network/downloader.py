"""Scrapy's downloader with a limit per host that holds on asyncio too, and with one task per request."""

from time import monotonic
from typing import Any

from scrapy import signals
from scrapy.core.downloader import Downloader
from scrapy.core.downloader.middleware import DownloaderMiddlewareManager
from scrapy.http import Request, Response
from scrapy.utils.defer import deferred_from_coro, ensure_awaitable

ANSWERS = (Request, Response)  # of a middleware


class StrictDownloader(Downloader):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Counts a request as running as soon as it is started.

    Scrapy 2.19 counts it in the first step of a coroutine. Without Twisted's reactor that step comes later,
    after a loop has started all waiting requests, so CONCURRENT_REQUESTS_PER_DOMAIN does not hold.

    Scrapy makes two tasks for each request. Here a request that need not wait for its slot has one.
    """

    middleware: Any

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self.middleware = PlainMiddlewares(*self.middleware.middlewares, crawler=crawler)

    def fetch(self, request: Any, spider: Any = None) -> Any:
        """Send a request through the middlewares; Scrapy calls this."""
        self.active.add(request)
        return deferred_from_coro(self._fetched(request))

    async def _fetched(self, request: Any) -> Any:
        try:
            return await self.middleware.download_async(self._enqueue_request, request)
        finally:
            self.active.remove(request)

    async def _enqueue_request(self, request: Any) -> Any:
        key, slot = self._get_slot(request)
        if slot.delay or slot.latercall or slot.queue or slot.free_transfer_slots() <= 0:
            return await super()._enqueue_request(request)
        request.meta[self.DOWNLOAD_SLOT] = key
        slot.active.add(request)
        slot.transferring.add(request)
        slot.lastseen = monotonic()
        try:
            self.signals.send_catch_log(
                signals.request_reached_downloader, request=request, spider=self.crawler.spider
            )
            return await self._download(slot, request)
        finally:
            slot.active.remove(request)

    def _wait_for_download(self, slot: Any, request: Any, done: Any) -> Any:
        slot.transferring.add(request)  # a set: when Scrapy adds it again, nothing changes
        return super()._wait_for_download(slot, request, done)


class PlainMiddlewares(DownloaderMiddlewareManager):  # type: ignore[misc]  # as above
    """Scrapy's chain of middlewares; only what must be awaited is awaited.

    Scrapy makes a coroutine of each plain answer, for each middleware and image.
    """

    async def _process_request(self, request: Any, download_func: Any) -> Any:
        for method in self.methods["process_request"]:
            answer = self._handle_mw_method(method, request=request)
            if answer is not None and not isinstance(answer, ANSWERS):
                answer = await ensure_awaitable(answer)
            if answer is not None:
                return _checked(answer, method)
        return await download_func(request)

    async def _process_response(self, response: Any, request: Any) -> Any:
        if isinstance(response, Request):
            return response
        for method in self.methods["process_response"]:
            response = self._handle_mw_method(method, request=request, response=response)
            if not isinstance(response, ANSWERS):
                response = _checked(await ensure_awaitable(response), method)
            if isinstance(response, Request):
                return response
        return response


def _checked(answer: Any, method: Any) -> Any:
    if not isinstance(answer, ANSWERS):
        raise TypeError(f"{method.__qualname__} must return a Request or a Response, not {answer!r}")
    return answer
