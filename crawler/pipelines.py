"""Fetched pictures into the store, unmodified, off the event loop."""

import asyncio
from typing import Any, Self

from crawler.items import FetchedPicture


class StorePictures:
    """Hands each picture to the spider's store and tells the spider how that went."""

    def __init__(self, crawler: Any) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        """Scrapy's way to make it."""
        return cls(crawler)

    async def process_item(self, item: FetchedPicture) -> FetchedPicture:
        """Store a picture; hashing and writing run in a thread, so that downloads go on meanwhile."""
        spider = self.crawler.spider
        try:
            kept = await asyncio.to_thread(spider.crawl.store.keep, item.fetched)
        except Exception as error:  # the spider must hear of every picture, or it waits for ever
            spider.not_stored(item.found, error)
        else:
            spider.stored(item, kept)
        return item
