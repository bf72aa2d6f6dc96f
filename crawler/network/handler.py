"""Scrapy's download handler through libcurl: large reads, and unwanted images stopped early.

Scrapy still does everything around the handler: slots, delays, retries, robots.txt, redirects, stats and
cancellation. The handler does what Scrapy expects of it: a time-out over the whole answer,
`download_maxsize`, lost data as failure, proxies, verified certificates, and the signals headers_received and
bytes_received.
"""

import asyncio
import ssl
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Self
from urllib.parse import urlsplit

import certifi
import pycurl
from scrapy import exceptions, signals
from scrapy.http import Response
from scrapy.responsetypes import responsetypes
from scrapy.utils.signal import getAllReceivers, liveReceivers

from crawler.answer.answer import Answer, Wishes
from crawler.answer.failures import RefusedError, certificate_reason_of
from crawler.answer.raw_answer import RawAnswer
from crawler.network.connection import Exchange
from crawler.network.context import download_context_of
from crawler.network.public import Gateway, check_address, named_port_of
from crawler.network.transfers import NO_ANSWER, READ_BYTES, Transfers

SUPPRESS_CONNECT_HEADERS = 265  # pycurl does not name it
LOST = {pycurl.E_PARTIAL_FILE, pycurl.E_RECV_ERROR, pycurl.E_GOT_NOTHING}


class OddHeadError(exceptions.DownloadFailedError):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """An answer whose head libcurl refuses."""


class ImageHandler:
    """Downloads by http and https, by Scrapy's settings.

    `request.meta["image"]` is True for images: their headers and first bytes are checked on the way.
    """

    lazy = False

    def __init__(self, crawler: Any) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.wishes = Wishes(settings)
        self.fail_on_loss: bool = settings.getbool("DOWNLOAD_FAIL_ON_DATALOSS")
        self.verify: bool = settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES")
        self.authorities = _authorities()
        self.tls = _context_of(self.authorities, verify=self.verify)
        self.transfers = Transfers(settings.getint("CONCURRENT_REQUESTS"))
        self.odd: set[str] = set()  # hosts, with port, whose heads libcurl refuses

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        """Make the handler; Scrapy calls this."""
        return cls(crawler)

    async def download_request(self, request: Any) -> Any:
        """Download a request; returns Scrapy's response.

        Raises:
            RefusedError: the address, the size or an opt-out forbids it.
            DownloadTimeoutError, DownloadFailedError, ...: Scrapy's own, which its retries handle.
        """
        check_address(request.url, self._private())
        seconds = request.meta.get("download_timeout") or None
        try:
            async with asyncio.timeout(seconds):
                return await self._fetch_even_odd(request)
        except TimeoutError as error:
            raise exceptions.DownloadTimeoutError(f"{request.url} took longer than {seconds} s") from error

    async def close(self) -> None:
        """Close the connections."""
        self.transfers.close()

    def _private(self) -> frozenset[str]:
        """Private hosts that may be requested: the demo shop's."""
        return download_context_of(self.crawler).private_hosts

    async def _fetch_even_odd(self, request: Any) -> Any:
        """Fetch an answer; one whose head libcurl refuses is asked for again, and read as browsers do."""
        named = named_port_of(request.url)
        if named not in self.odd:
            try:
                return await self._fetch(request)
            except OddHeadError:
                if request.method != "GET" or request.body or _proxy_of(request).startswith("https:"):
                    raise
        response = await self._fetch_raw(request)
        self.odd.add(named)
        return response

    async def _fetch_raw(self, request: Any) -> Any:
        send = partial(self.crawler.signals.send_catch_log, spider=self.crawler.spider)
        proxy = _proxy_of(request)
        answer = Answer(request, self.wishes, send)
        exchange = Exchange.of(request, _target_of(request.url, proxy), proxy)
        easy = self.transfers.handle()
        try:
            gateway = self._set(easy, request, answer, proxy)
            exchange.set(easy)
            code, connection = await self.transfers.connect(easy)
            address, text = easy.getinfo(pycurl.PRIMARY_IP), easy.errstr()
        finally:
            self.transfers.give_back(easy)
        if connection is None:
            raise gateway.refused or _error_of(code, text or request.url, loss=False)
        raw = RawAnswer(answer.most)
        await exchange.run(connection, raw, self.tls)
        raw.hand_to(answer)
        if not answer.error:
            answer.take_end()
        if answer.error:
            raise answer.error
        return _response_of(answer, address)

    async def _fetch(self, request: Any) -> Any:
        manager = self.crawler.signals
        send = partial(manager.send_catch_log, spider=self.crawler.spider)
        is_heard = any(liveReceivers(getAllReceivers(manager.sender, signals.bytes_received)))
        proxy = _proxy_of(request)
        answer = Answer(request, self.wishes, send, is_heard=is_heard)
        easy = self.transfers.handle()
        try:
            gateway = self._set(easy, request, answer, proxy)
            code = await self.transfers.perform(easy)
            loss = answer.complete and code in LOST
            if loss or not code:
                answer.take_end()
            address, text = easy.getinfo(pycurl.PRIMARY_IP), easy.errstr()
        finally:
            self.transfers.give_back(easy)
        stopped = answer.error or gateway.refused
        if stopped:
            raise stopped
        if code and not answer.flags:
            if not loss or not (answer.is_whole_image or self._takes_loss(request)):
                raise _error_of(code, text or request.url, loss=loss)
            answer.flags = ["dataloss"]
        return _response_of(answer, address)

    def _takes_loss(self, request: Any) -> bool:
        """Whether Scrapy's user wants what is left of a broken transfer."""
        return not request.meta.get("download_fail_on_dataloss", self.fail_on_loss)

    def _set(self, easy: Any, request: Any, answer: Answer, proxy: str) -> Gateway:
        """Set a request and its callbacks on a libcurl handle."""
        named = named_port_of(proxy or request.url)
        private = self._private() | ({named} if proxy else set())  # the user's proxy may be private
        gateway = Gateway(named, private)
        options = {
            pycurl.URL: request.url,
            pycurl.REQUEST_TARGET: _target_of(request.url, proxy),  # libcurl respells escapes: %ec as %EC
            pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
            pycurl.NOSIGNAL: 1,
            pycurl.BUFFERSIZE: READ_BYTES,
            pycurl.HTTPHEADER: _headers_to_send(request),
            pycurl.PROXY: proxy,  # empty: no proxy, not even the environment's
            SUPPRESS_CONNECT_HEADERS: 1,  # a proxy's headers are not the answer's
            **self.authorities,
            pycurl.SSL_VERIFYPEER: int(self.verify),
            pycurl.SSL_VERIFYHOST: 2 * self.verify,
            pycurl.OPENSOCKETFUNCTION: gateway.open,
            pycurl.HEADERFUNCTION: answer.take_line,
            pycurl.WRITEFUNCTION: answer.take_chunk,
        }
        for option, value in options.items():
            easy.setopt(option, value)
        _set_method(easy, request)
        authorization = request.headers.get("Proxy-Authorization")
        if proxy and authorization:
            easy.setopt(pycurl.HEADEROPT, pycurl.HEADER_SEPARATE)
            easy.setopt(pycurl.PROXYHEADER, [b"Proxy-Authorization: " + authorization])
        return gateway


def _target_of(url: str, proxy: str) -> str:
    """What the request line names: path and query letter by letter, or the whole URL for a proxy by http."""
    url = url.partition("#")[0]
    parts = urlsplit(url)
    if parts.scheme == "http" and proxy.startswith(("http:", "https:")):
        return url
    rest = url.partition("://")[2][len(parts.netloc) :]
    return rest if rest.startswith("/") else f"/{rest}"


def _set_method(easy: Any, request: Any) -> None:
    if request.method != "GET" or request.body:
        easy.setopt(pycurl.CUSTOMREQUEST, request.method)
        easy.setopt(pycurl.NOBODY, int(request.method == "HEAD"))
    if request.body:
        easy.setopt(pycurl.POSTFIELDS, request.body)


def _authorities() -> dict[int, str]:
    """Trusted certificates: the system's, SSL_CERT_FILE, SSL_CERT_DIR; certifi's where there is no file."""
    paths = ssl.get_default_verify_paths()
    folder = {pycurl.CAPATH: paths.capath} if paths.capath else {}
    return {pycurl.CAINFO: paths.cafile or certifi.where(), **folder}


def _context_of(authorities: dict[int, str], *, verify: bool) -> ssl.SSLContext:
    """The same trust for what libcurl does not read."""
    context = ssl.create_default_context(
        cafile=authorities[pycurl.CAINFO], capath=authorities.get(pycurl.CAPATH)
    )
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _proxy_of(request: Any) -> str:
    proxy = str(request.meta.get("proxy") or "")
    return proxy if "://" in proxy or not proxy else f"http://{proxy}"


def _headers_to_send(request: Any) -> list[bytes]:
    headers: dict[bytes, list[bytes]] = dict(dict.items(request.headers))  # Scrapy's own items() are slow
    lines = [
        name + b": " + value if value else name + b";"  # libcurl's way to send an empty header
        for name, values in headers.items()
        if name != b"Proxy-Authorization"
        for value in values
    ]
    for line in lines:
        if b"\r" in line or b"\n" in line:
            raise ValueError(f"{line!r} is not a header: it holds a line break")
    return [*lines, *(name + b":" for name in (b"Accept", b"Expect") if name not in headers)]


def _response_of(answer: Answer, address: str) -> Any:
    request, body = answer.request, bytes(answer.body)
    said = answer.headers.get("Content-Type") or b""
    is_image = said.startswith(b"image/") and not said.startswith(b"image/svg")  # a text, to Scrapy
    kind = Response if is_image else responsetypes.from_args(answer.headers, request.url, body=body)
    response = kind(
        request.url,
        status=answer.status,
        body=body,
        flags=answer.flags,
        ip_address=_number_of(address) if address else None,
        protocol="HTTP/1.1",
    )
    response.headers = answer.headers
    return response


@lru_cache(1024)
def _number_of(address: str) -> IPv4Address | IPv6Address:
    return ip_address(address.partition("%")[0])


def _error_of(code: int, text: str, *, loss: bool) -> Exception:
    """Scrapy's error for one of libcurl's."""
    if code == pycurl.E_PEER_FAILED_VERIFICATION:  # a retry would see the same certificate
        return RefusedError(certificate_reason_of(text), text)
    kinds: dict[int, type[Exception]] = {
        pycurl.E_URL_MALFORMAT: exceptions.UnsupportedURLSchemeError,
        **dict.fromkeys(NO_ANSWER, OddHeadError),
        pycurl.E_COULDNT_RESOLVE_HOST: exceptions.CannotResolveHostError,
        pycurl.E_COULDNT_RESOLVE_PROXY: exceptions.CannotResolveHostError,
        pycurl.E_COULDNT_CONNECT: exceptions.DownloadConnectionRefusedError,
        pycurl.E_OPERATION_TIMEDOUT: exceptions.DownloadTimeoutError,
    }
    other = exceptions.ResponseDataLossError if loss else exceptions.DownloadFailedError
    kind: type[Exception] = kinds.get(code, other)
    return kind(f"{text} (libcurl {code})")
