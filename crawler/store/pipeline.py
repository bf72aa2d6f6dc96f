"""Fetched images into the store, unmodified, off the event loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from crawler.store.found import FetchedImage

THREADS = 4  # that hash and write; names are looked up by others, and a slow name server holds up no image


class StoreImages:
    """Hands each image to the spider's store and tells the spider how that went."""

    def __init__(self, crawler: Any) -> None:
        self.crawler = crawler
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store")

    def close_spider(self) -> None:
        """End the threads."""
        self.threads.shutdown()

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        """Scrapy's way to make it."""
        return cls(crawler)

    async def process_item(self, item: FetchedImage) -> FetchedImage:
        """Store an image; hashing and writing run in a thread, so that downloads go on meanwhile."""
        spider = self.crawler.spider
        try:
            loop = asyncio.get_running_loop()
            kept = await loop.run_in_executor(self.threads, spider.crawl.store.keep, item.fetched)
        except Exception as error:  # the spider must hear of every image, or it waits for ever
            spider.not_stored(item.found, error)
        else:
            spider.stored(item, kept)
        return item
