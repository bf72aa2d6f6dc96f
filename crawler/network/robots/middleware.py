"""robots.txt around each download."""

import asyncio
import math
import time
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.misc import build_from_crawler

from crawler.answer.failures import NOT_CACHED, OF_CERTIFICATES, RefusedError, reason_of
from crawler.network.pacing.hosts import host_at

ROBOTS_BYTES = 512 * 1024  # read of a robots.txt; RFC 9309 asks for at least 500 KiB
MOST_ROBOTS_BYTES = 4 * 1024 * 1024  # a larger robots.txt is not fetched
OF_THE_HOST = frozenset(
    {"UNREACHABLE", "TIMEOUT", "BROKEN_TRANSFER", "PRIVATE_ADDRESS", "HOST_BUSY", NOT_CACHED}
)
ROBOTS_AGAIN_S = 60.0  # before an unreadable robots.txt is requested again


class Robots(RobotsTxtMiddleware):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """robots.txt by RFC 9309: an unreadable one forbids everything, a missing one nothing.

    Each scheme of a host has its own robots.txt: when https does not answer, http may.
    """

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self.parsers: dict[
            str, asyncio.Future[Any]
        ] = {}  # by site: a parser, or the reason why there is none
        self.again_at: dict[str, float] = {}  # by site without a parser, by the monotonic clock
        self.slow = asyncio.Lock()  # one thread at a time, so that the other hosts' downloads go on

    async def process_request(self, request: Any) -> None:
        """Refuse what robots.txt forbids; rules that take long are looked at in a thread."""
        if request.meta.get("dont_obey_robotstxt"):
            return
        parser = await self.robot_parser(request)
        if parser.is_slow(request.url):
            async with self.slow:
                await asyncio.to_thread(self.process_request_2, parser, request)
        else:
            self.process_request_2(parser, request)

    async def robot_parser(self, request: Any) -> Any:
        """The rules of the request's site.

        Raises:
            RefusedError: robots.txt cannot be read.
        """
        site = "{0.scheme}://{0.netloc}".format(urlsplit(request.url))
        if site not in self.parsers or self.again_at.get(site, math.inf) < time.monotonic():
            self.again_at.pop(site, None)
            self.parsers[site] = asyncio.ensure_future(self._read(site))
        parser = await asyncio.shield(self.parsers[site])
        if isinstance(parser, str):
            self.again_at.setdefault(site, time.monotonic() + ROBOTS_AGAIN_S)
            raise RefusedError(parser, f"robots.txt of {site} cannot be read")
        return parser

    async def _read(self, site: str) -> Any:
        meta = {"dont_obey_robotstxt": True, "download_maxsize": MOST_ROBOTS_BYTES}
        request = Request(
            f"{site}/robots.txt", priority=self.DOWNLOAD_PRIORITY, meta=meta, callback=NO_CALLBACK
        )
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception as error:
            reason = reason_of(error)
            return reason if reason in OF_THE_HOST | OF_CERTIFICATES else "ROBOTS_UNREADABLE"
        if response.status >= 500 or response.status == 429:
            return "ROBOTS_UNREADABLE"
        body = b"" if response.status >= 400 else response.body[:ROBOTS_BYTES]
        async with self.slow:
            parser = await asyncio.to_thread(build_from_crawler, self._parserimpl, self.crawler, body)
        pace = host_at(self.crawler, site).pace
        pace.delay_s = max(pace.delay_s, parser.delay_s)
        return parser
