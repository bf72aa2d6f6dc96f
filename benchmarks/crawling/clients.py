"""`python -m benchmarks.crawling.clients NAME URLS TARGET`: other downloaders, each in its own process.

Plain Scrapy gets its images as a search spider does: an item per result, a hundred results per answer.
"""

import argparse
import asyncio
import hashlib
import json
import os
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import scrapy
from scrapy.crawler import CrawlerProcess

CONNECTIONS = 64
PAGE, SHELF = 100, 1000  # results of an answer, products that one query reaches
KEYS = {"X-NCP-APIGW-API-KEY-ID": "demo", "X-NCP-APIGW-API-KEY": "demo"}


class Stock(scrapy.Spider):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Searches the demo shop and hands every link to a media pipeline of Scrapy."""

    name = "stock"

    def __init__(self, shop: str, products: int, field: str, **options: Any) -> None:
        super().__init__(**options)
        self.shop, self.products, self.field = shop, products, field

    async def start(self) -> AsyncIterator[Any]:
        """A request per page."""
        for first in range(0, self.products, PAGE):
            query = f"query={quote(f'shelf{first // SHELF}')}&display={PAGE}&start={first % SHELF + 1}"
            yield scrapy.Request(f"{self.shop}/search/v1/image?{query}", headers=KEYS)

    def parse(self, response: Any) -> Iterator[dict[str, Any]]:
        """An item per result."""
        for item in json.loads(response.body)["items"]:
            yield {"title": item["title"], self.field: [item["link"]]}


def stock(pipeline: str, field: str, store: str, shop: str, products: int, target: Path) -> None:
    """Scrapy without our code: its defaults, apart from connections, the log and this pipeline."""
    settings = {
        "CONCURRENT_REQUESTS": CONNECTIONS,
        "CONCURRENT_REQUESTS_PER_DOMAIN": CONNECTIONS,
        "DOWNLOAD_DELAY": 0,
        "ITEM_PIPELINES": {pipeline: 1},
        store: str(target),
        "LOG_LEVEL": "WARNING",
    }
    process = CrawlerProcess(settings)
    process.crawl(Stock, shop=shop, products=products, field=field)
    process.start()


async def bare(urls: list[str], target: Path) -> None:
    """Aiohttp and nothing else: no retries, no robots.txt, no records."""
    left = iter(urls)
    certificate = os.environ.get("SSL_CERT_FILE")
    context = ssl.create_default_context(cafile=certificate)
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=context)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def fetch() -> None:
            for url in left:
                async with session.get(url) as response:
                    response.raise_for_status()
                    data = await response.read()
                    (target / f"{hashlib.sha256(data).hexdigest()}.jpg").write_bytes(data)

        await asyncio.gather(*(fetch() for _ in range(CONNECTIONS)))


def main() -> None:
    """Run one of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crawling.clients")
    parser.add_argument("name", choices=("files", "images", "aiohttp"))
    parser.add_argument("urls", type=Path, help="an address a line")
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    urls = arguments.urls.read_text().split()
    arguments.target.mkdir(parents=True, exist_ok=True)
    if arguments.name == "aiohttp":
        asyncio.run(bare(urls, arguments.target))
        return
    pipeline = f"scrapy.pipelines.{arguments.name}.{arguments.name.title()}Pipeline"
    field = {"files": "file_urls", "images": "image_urls"}[arguments.name]
    shop = urls[0].split("/images/")[0]
    stock(pipeline, field, f"{arguments.name.upper()}_STORE", shop, len(urls), arguments.target)


if __name__ == "__main__":
    main()
