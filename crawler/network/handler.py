"""Scrapy's downloads through aiohttp: large reads, no step per chunk, and what is unwanted stopped early.

All around it stays Scrapy's: slots, delays, retries, robots.txt, redirects, stats and cancellation are done
before and after a handler. This one keeps its promises: a time-out over the whole answer, `download_maxsize`,
lost data as failure, proxies, verified certificates, and the signals headers_received and bytes_received.
"""

import asyncio
import ssl
import time
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
import yarl
from scrapy import exceptions, signals
from scrapy.http import Headers
from scrapy.responsetypes import responsetypes

from crawler.network.header import ENOUGH, size_of
from crawler.network.permission import opted_out
from crawler.network.public import PublicResolver, check_address
from crawler.network.reasons import RefusedError

READ_BYTES = 1 << 20  # that may wait in a connection; aiohttp's 64 KB stop and start it for each picture
DNS_S = 300  # seconds that an address is kept


class PictureHandler:
    """A download handler for http and https; settings and limits are Scrapy's, wishes come in `request.meta`.

    `meta["picture"]` is True for pictures: their headers and first bytes are looked at while they come.
    """

    lazy = False

    def __init__(self, crawler: Any) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.agent: str = settings["ROBOTSTXT_USER_AGENT"]
        self.max_bytes: int = settings.getint("DOWNLOAD_MAXSIZE")
        self.fail_on_loss: bool = settings.getbool("DOWNLOAD_FAIL_ON_DATALOSS")
        self.obey: bool = settings.getbool("CRAWL_OBEY_OPT_OUT")
        self.min_side: int = settings.getint("CRAWL_MIN_SIDE")
        self.max_pixels: int = settings.getint("CRAWL_MAX_PIXELS")
        self.proxies: set[str] = set()
        context = ssl.create_default_context()
        if not settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES"):
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connector = aiohttp.TCPConnector(
            limit=0,  # the downloader's slots limit them
            resolver=PublicResolver(self._private),
            ttl_dns_cache=DNS_S,
            ssl=context,
        )
        self.session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            read_bufsize=READ_BYTES,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        )

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        """Scrapy's way to make it."""
        return cls(crawler)

    async def download_request(self, request: Any) -> Any:
        """The answer to a request.

        Raises:
            RefusedError: an address, a size or an owner's signal forbids it.
            DownloadTimeoutError, DownloadFailedError, ...: Scrapy's own, which its retries know.
        """
        check_address(request.url, self._private())
        seconds = request.meta.get("download_timeout") or None
        try:
            async with asyncio.timeout(seconds):
                return await self._fetch(request)
        except TimeoutError as error:
            raise exceptions.DownloadTimeoutError(f"{request.url} took longer than {seconds} s") from error
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise exceptions.UnsupportedURLSchemeError(str(error)) from error
        except aiohttp.ClientConnectorDNSError as error:
            raise exceptions.CannotResolveHostError(str(error)) from error
        except aiohttp.ClientConnectorError as error:
            raise exceptions.DownloadConnectionRefusedError(str(error)) from error
        except aiohttp.ClientPayloadError as error:
            raise exceptions.ResponseDataLossError(str(error)) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:  # ValueError: an answer that is no HTTP
            raise exceptions.DownloadFailedError(str(error)) from error

    async def close(self) -> None:
        """Close the connections."""
        await self.session.close()

    def _private(self) -> frozenset[str]:
        """Hosts that may be private: the demo shop's, and the proxies that the user has set."""
        return getattr(self.crawler.spider, "private_hosts", frozenset()) | self.proxies

    async def _fetch(self, request: Any) -> Any:
        began = time.monotonic()
        async with self.session.request(
            request.method,
            yarl.URL(request.url, encoded=True),
            data=request.body or None,
            headers=_headers_to_send(request),
            allow_redirects=False,
            proxy=self._proxy_of(request),
            proxy_headers=_proxy_headers_of(request),
        ) as response:
            request.meta["download_latency"] = time.monotonic() - began
            headers = Headers(list(response.headers.items()))
            peer = response.connection and response.connection.transport
            address = peer.get_extra_info("peername") if peer else None
            self._check_headers(request, response)
            stopped = self._heard(
                signals.headers_received, request, headers=headers, body_length=response.content_length
            )
            body, flags = (b"", ["download_stopped"]) if stopped else await self._body(request, response)
        kind = responsetypes.from_args(headers=headers, url=request.url, body=body)
        return kind(
            request.url,
            status=response.status,
            headers=headers,
            body=body,
            flags=flags,
            ip_address=ip_address(address[0]) if address else None,
            protocol="HTTP/1.1",
        )

    async def _body(self, request: Any, response: aiohttp.ClientResponse) -> tuple[bytes, list[str]]:
        """All of a body, as it came, and Scrapy's flags."""
        most = request.meta.get("download_maxsize", self.max_bytes)
        wants_size = bool(request.meta.get("picture")) and "Content-Encoding" not in response.headers
        wants_size = wants_size and response.status == 200 and bool(self.min_side or self.max_pixels)
        chunks, size = [], 0
        try:
            while chunk := await response.content.readany():
                chunks.append(chunk)
                size += len(chunk)
                if most and size > most:
                    raise RefusedError("TOO_LARGE", f"{request.url} is larger than {most} bytes")
                if wants_size:
                    wants_size = not self._check_size(request, b"".join(chunks)) and size < ENOUGH
                if self._heard(signals.bytes_received, request, data=chunk):
                    return b"".join(chunks), ["download_stopped"]
        except aiohttp.ClientPayloadError:
            if request.meta.get("download_fail_on_dataloss", self.fail_on_loss):
                raise
            return b"".join(chunks), ["dataloss"]
        return (chunks[0] if len(chunks) == 1 else b"".join(chunks)), []

    def _check_headers(self, request: Any, response: aiohttp.ClientResponse) -> None:
        most = request.meta.get("download_maxsize", self.max_bytes)
        if most and (response.content_length or 0) > most:
            raise RefusedError("TOO_LARGE", f"{request.url} is larger than {most} bytes")
        if self.obey and request.meta.get("picture"):
            tags = response.headers.getall("X-Robots-Tag", [])
            if signal := opted_out(tags, response.headers.get("TDM-Reservation", ""), self.agent):
                raise RefusedError("OPTED_OUT", f"{request.url} says {signal}")

    def _check_size(self, request: Any, begin: bytes) -> bool:
        """Whether the first bytes say the size; refuses what is not wanted."""
        size = size_of(begin)
        if size is None:
            return False
        if min(size) < self.min_side:
            raise RefusedError("TOO_SMALL", f"{request.url} has {size[0]} x {size[1]} px")
        if self.max_pixels and size[0] * size[1] > self.max_pixels:
            raise RefusedError("TOO_MANY_PIXELS", f"{request.url} has {size[0]} x {size[1]} px")
        return True

    def _heard(self, signal: Any, request: Any, **facts: Any) -> bool:
        """Send a signal; returns whether one that hears it stops the download.

        Raises:
            StopDownload: one of them stops it and calls it a failure.
        """
        heard = self.crawler.signals.send_catch_log(
            signal=signal, request=request, spider=self.crawler.spider, **facts
        )
        for _, result in heard:
            stop = getattr(result, "value", None)
            if isinstance(stop, exceptions.StopDownload):
                if stop.fail:
                    raise stop
                return True
        return False

    def _proxy_of(self, request: Any) -> str | None:
        proxy = request.meta.get("proxy")
        if not proxy:
            return None
        proxy = proxy if "://" in proxy else f"http://{proxy}"
        parts = urlsplit(proxy)
        self.proxies.add(f"{parts.hostname}:{parts.port or 80}")
        return str(proxy)


def _headers_to_send(request: Any) -> list[tuple[str, str]]:
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in request.headers.items()
        if name != b"Proxy-Authorization"
        for value in values
    ]


def _proxy_headers_of(request: Any) -> dict[str, str] | None:
    value = request.headers.get(b"Proxy-Authorization")
    return {"Proxy-Authorization": value.decode("latin-1")} if value and request.meta.get("proxy") else None
