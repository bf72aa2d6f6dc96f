"""What downloads know of the crawl that they serve."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DownloadContext:
    """The crawl's side of a download; the defaults serve a spider that sets none."""

    private_hosts: frozenset[str] = frozenset()  # `host:port` that may be asked although it is private
    is_forbidden: Callable[[str], bool] = lambda url: False  # a tombstone forbids this URL
    is_full: Callable[[], bool] = lambda: False  # the store takes no more images


NO_CONTEXT = DownloadContext()


def set_download_context(crawler: Any, context: DownloadContext) -> None:
    """Give Scrapy's crawler its context; call it once, before the first image is requested."""
    crawler.download_context = context


def download_context_of(crawler: Any) -> DownloadContext:
    """The context that was set on Scrapy's crawler."""
    context: DownloadContext = getattr(crawler, "download_context", NO_CONTEXT)
    return context
