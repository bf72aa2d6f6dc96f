"""The short way of an image's answer through Scrapy's scraper: to the spider, and to the pipelines."""

from typing import Any

from scrapy.core.scraper import Scraper
from scrapy.http import Response
from scrapy.spidermiddlewares.metacopy import MetaCopyDetectionMiddleware
from scrapy.spidermiddlewares.referer import RefererMiddleware
from scrapy.spidermiddlewares.start import StartSpiderMiddleware
from twisted.python.failure import Failure

from crawler.spiders.settings import REFERRER_POLICY

OF_NO_USE = {MetaCopyDetectionMiddleware, RefererMiddleware, StartSpiderMiddleware}  # to an image


class ImageScraper(Scraper):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Calls the spider's callbacks for images in the task that Scrapy has made for the answer.

    Scrapy chains generators for its spider middlewares, of which none concerns an image, and starts two more
    tasks for the one item.
    """

    async def _scrape(self, result: Any, request: Any) -> None:
        if not request.meta.get("image"):
            await super()._scrape(result, request)
            return
        try:
            for output in self._called(result, request):
                await self._process_spidermw_output_async(output, result)
        except Exception:
            self.handle_spider_error(Failure(), request, result)

    def _called(self, result: Any, request: Any) -> Any:
        if isinstance(result, Response):
            return self.crawler.spider.parse(result, **result.request.cb_kwargs)
        result.request = request
        return request.errback(result)


def shorten(engine: Any) -> None:
    """Let images take the short way, where no spider middleware needs them; Scrapy has no setting for it."""
    used = {type(each) for each in engine.scraper.spidermw.middlewares}
    if used <= OF_NO_USE and engine.settings["REFERRER_POLICY"] == REFERRER_POLICY:
        engine.scraper.__class__ = ImageScraper
