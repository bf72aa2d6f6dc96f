"""The item pipeline: writes fetched images into the store, off the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

from scrapy.exceptions import DropItem

from crawler.store.items import FetchedImage, SearchHit
from crawler.store.stored import Fetched, StoredImage

THREADS = 4  # hash and write; not the event loop's threads, which a slow name server may block


@dataclass(frozen=True)
class StoreContext:
    """The crawl's side of the pipeline."""

    keep: Callable[[Fetched], StoredImage | None]  # write an image; called in threads
    stored: Callable[[FetchedImage, StoredImage | None], None]  # what became of it; None: a tombstone
    not_stored: Callable[[SearchHit, Exception], None]  # the store refused it
    record: Callable[[SearchHit, StoredImage], dict[str, Any]]  # a row for feeds, without the image itself


def set_store_context(crawler: Any, context: StoreContext) -> None:
    """Give Scrapy's crawler its context; call it once, before the first image is requested."""
    crawler.store_context = context


class StoreImages:
    """Writes each image into the store and reports the outcome to the crawl."""

    def __init__(self, crawler: Any) -> None:
        self.crawler = crawler
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store")

    def close_spider(self) -> None:
        """End the threads."""
        self.threads.shutdown()

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        """Make the pipeline; Scrapy calls this."""
        return cls(crawler)

    async def process_item(self, item: Any) -> dict[str, Any]:
        """Store an image and hand on its record; a thread hashes and writes while downloads continue.

        Raises:
            DropItem: the image is not stored.
        """
        if not isinstance(item, FetchedImage):  # the record of an image that is in the store
            record: dict[str, Any] = item
            return record
        context: StoreContext = self.crawler.store_context
        try:
            loop = asyncio.get_running_loop()
            kept = await loop.run_in_executor(self.threads, context.keep, item.fetched)
        except Exception as error:  # the crawl waits until every image is reported
            context.not_stored(item.hit, error)
            raise DropItem("the store refused it") from error
        context.stored(item, kept)
        if kept is None:
            raise DropItem("its bytes have a tombstone")
        return context.record(item.hit, kept)
