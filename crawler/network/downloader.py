"""Scrapy's downloader with a limit per host that holds on asyncio too."""

from typing import Any

from scrapy.core.downloader import Downloader


class StrictDownloader(Downloader):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Counts a request as running as soon as it is started.

    Scrapy 2.19 counts it in the first step of a coroutine. Without Twisted's reactor that step comes later,
    after a loop has started all waiting requests, so CONCURRENT_REQUESTS_PER_DOMAIN does not hold.
    """

    def _wait_for_download(self, slot: Any, request: Any, done: Any) -> Any:
        slot.transferring.add(request)  # a set: when Scrapy adds it again, nothing changes
        return super()._wait_for_download(slot, request, done)
