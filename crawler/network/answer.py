"""One answer while it comes: judged by its headers and first bytes, stopped when it is not wanted."""

import time
from collections.abc import Callable
from typing import Any

from scrapy import exceptions, signals
from scrapy.http import Headers

from crawler.network.header import ENOUGH, size_of
from crawler.network.permission import opted_out
from crawler.network.reasons import RefusedError

GO_ON, STOP = None, -1  # what libcurl is told after each piece


class Wishes:
    """What a crawl wants of pictures, by Scrapy's settings.

    Args:
        settings: Scrapy's.
    """

    def __init__(self, settings: Any) -> None:
        self.agent: str = settings["ROBOTSTXT_USER_AGENT"]
        self.max_bytes: int = settings.getint("DOWNLOAD_MAXSIZE")
        self.obey: bool = settings.getbool("CRAWL_OBEY_OPT_OUT")
        self.min_side: int = settings.getint("CRAWL_MIN_SIDE")
        self.max_pixels: int = settings.getint("CRAWL_MAX_PIXELS")


class Answer:
    """What came of an answer so far.

    Args:
        request: Scrapy's; `meta["picture"]` is True for pictures, which are looked at while they come.
        wishes: of the crawl.
        send: sends one of Scrapy's signals and returns what its listeners did.
        tunnel: a proxy's own headers may come before those of the answer.
    """

    def __init__(
        self, request: Any, wishes: Wishes, send: Callable[..., Any], *, tunnel: bool = False
    ) -> None:
        self.tunnel = tunnel
        self.request, self.wishes, self.send = request, wishes, send
        self.most: int = request.meta.get("download_maxsize", wishes.max_bytes)
        self.began = time.monotonic()
        self.status = 0
        self.headers = Headers()
        self.lines: list[tuple[bytes, bytes]] = []
        self.complete = False  # the headers
        self.chunks: list[bytes] = []
        self.size = 0
        self.wants_size = False
        self.flags: list[str] = []
        self.error: BaseException | None = None  # why it was stopped, if that is a failure

    @property
    def body(self) -> bytes:
        """What came of the body."""
        return self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)

    def take_line(self, line: bytes) -> int | None:
        """A line of the headers, as libcurl gives it."""
        if self.complete:
            return GO_ON  # a trailer
        line = line.rstrip(b"\r\n")
        if line.startswith(b"HTTP/"):
            self.lines.clear()
            self.status = int(line.split(None, 2)[1])
        elif line:
            name, colon, value = line.partition(b":")
            if colon:
                self.lines.append((name.strip(), value.strip()))
        elif self.status >= 200 and not self.tunnel:  # below, and of a proxy, further headers follow
            return self._guarded(self._headed)
        return GO_ON

    def take_chunk(self, chunk: bytes) -> int | None:
        """A piece of the body, as libcurl gives it."""
        if not self.complete and (stop := self._guarded(self._headed)):
            return stop
        return self._guarded(self._grown, chunk)

    def take_end(self) -> None:
        """Nothing more comes."""
        if not self.complete:
            self._guarded(self._headed)

    def _guarded(self, step: Callable[..., bool], *arguments: Any) -> int | None:
        """A callback of libcurl cannot raise: what it would is kept, and the transfer stopped."""
        try:
            return STOP if step(*arguments) else GO_ON
        except Exception as error:
            self.error = error
            return STOP

    def _headed(self) -> bool:
        request, wishes = self.request, self.wishes
        self.complete = True
        self.headers = Headers(self.lines)
        request.meta["download_latency"] = time.monotonic() - self.began
        length = self.headers.get("Content-Length", b"")
        declared = int(length) if length.isdigit() and len(length) < 20 else None
        if self.most and (declared or 0) > self.most:
            raise self._too_large()
        if wishes.obey and request.meta.get("picture"):
            tags = [value.decode("latin-1") for value in self.headers.getlist("X-Robots-Tag")]
            reservation = (self.headers.get("TDM-Reservation") or b"").decode("latin-1")
            if signal := opted_out(tags, reservation, wishes.agent):
                raise RefusedError("OPTED_OUT", f"{request.url} says {signal}")
        self.wants_size = (
            bool(request.meta.get("picture"))
            and self.status == 200
            and "Content-Encoding" not in self.headers
            and bool(wishes.min_side or wishes.max_pixels)
        )
        return self._stopped_by(signals.headers_received, headers=self.headers, body_length=declared)

    def _grown(self, chunk: bytes) -> bool:
        self.chunks.append(chunk)
        self.size += len(chunk)
        if self.most and self.size > self.most:
            raise self._too_large()
        if self.wants_size:
            self.wants_size = not self._sized() and self.size < ENOUGH
        return self._stopped_by(signals.bytes_received, data=chunk)

    def _too_large(self) -> RefusedError:
        return RefusedError("TOO_LARGE", f"{self.request.url} is larger than {self.most} bytes")

    def _sized(self) -> bool:
        """Whether the first bytes say the size; refuses what is not wanted."""
        size = size_of(self.body)
        if size is None:
            return False
        if min(size) < self.wishes.min_side:
            raise RefusedError("TOO_SMALL", f"{self.request.url} has {size[0]} x {size[1]} px")
        if self.wishes.max_pixels and size[0] * size[1] > self.wishes.max_pixels:
            raise RefusedError("TOO_MANY_PIXELS", f"{self.request.url} has {size[0]} x {size[1]} px")
        return True

    def _stopped_by(self, signal: Any, **facts: Any) -> bool:
        """Send a signal; returns whether one that hears it stops the download.

        Raises:
            StopDownload: one of them stops it and calls it a failure.
        """
        for _, result in self.send(signal, request=self.request, **facts):
            stop = getattr(result, "value", None)
            if isinstance(stop, exceptions.StopDownload):
                if stop.fail:
                    raise stop
                self.flags = ["download_stopped"]
                return True
        return False
