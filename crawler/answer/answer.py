"""One HTTP answer while it arrives: its headers and first bytes are checked, an unwanted one is stopped."""

import math
import re
import time
from collections.abc import Callable
from typing import Any

from scrapy import exceptions, signals
from scrapy.http import Headers

from crawler.answer.encoding import INFLATED, decoded, encodings_of
from crawler.answer.failures import RefusedError
from crawler.answer.header import ENOUGH, size_against, size_of
from crawler.answer.permission import opted_out
from crawler.answer.whole import is_whole

BRING_AN_IMAGE = frozenset({200, 203, 206})  # 203: changed by a proxy; 206: a part, which may be all
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9]\d\d)(?: .*)?")
GO_ON, STOP = None, -1  # what a callback returns to libcurl


class Wishes:
    """Which images a crawl wants, from Scrapy's settings.

    Args:
        settings: Scrapy's.
    """

    def __init__(self, settings: Any) -> None:
        self.agent: str = settings["ROBOTSTXT_USER_AGENT"]
        self.max_bytes: int = settings.getint("DOWNLOAD_MAXSIZE")
        self.obey: bool = settings.getbool("CRAWL_OBEY_OPT_OUT")
        self.min_side: int = settings.getint("CRAWL_MIN_SIDE")
        self.max_pixels: int = settings.getint("CRAWL_MAX_PIXELS")

    def most_of(self, request: Any) -> int:
        """Bytes that the answer to a request may hold; 0: no limit."""
        most: int = request.meta.get("download_maxsize", self.max_bytes)
        return most


def check_permission(request: Any, headers: Any, wishes: Wishes) -> None:
    """Refuse an image whose owner opts out; keep the signal in `request.meta`.

    Raises:
        RefusedError: the owner opts out, and the crawl obeys.
    """
    tags, reservations = (
        [value.decode("latin-1") for value in headers.getlist(name)]
        for name in ("X-Robots-Tag", "TDM-Reservation")
    )
    signal = opted_out(tags, reservations, wishes.agent)
    if signal and wishes.obey:
        raise RefusedError("OPTED_OUT", f"{request.url} says {signal}")
    request.meta["opt_out"] = signal


def check_cached(request: Any, response: Any, wishes: Wishes) -> None:
    """Refuse an image from Scrapy's HTTP cache that would not be downloaded.

    Raises:
        RefusedError: the owner opts out, or the image is too large or too small.
    """
    check_permission(request, response.headers, wishes)
    if wishes.max_bytes and len(response.body) > wishes.max_bytes:
        raise RefusedError("TOO_LARGE", f"{request.url} is larger than {wishes.max_bytes} bytes")
    if reason := size_against(size_of(response.body), wishes.min_side, wishes.max_pixels):
        raise RefusedError(reason, f"{request.url} has another size than is wanted")


class AnswerHeaders(Headers):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Scrapy's headers, whose items are at hand; Scrapy looks each of them up again."""

    def items(self) -> Any:
        """Names, and lists of values."""
        return dict.items(self)


class Answer:
    """Collects an answer and decides, piece by piece, whether to continue.

    Args:
        request: Scrapy's; `meta["image"]` is True for images, whose first bytes are checked.
        wishes: of the crawl.
        send: sends one of Scrapy's signals and returns the results of its listeners.
        is_heard: whether somebody listens to bytes_received; an answer has many pieces.
    """

    def __init__(
        self, request: Any, wishes: Wishes, send: Callable[..., Any], *, is_heard: bool = True
    ) -> None:
        self.request, self.wishes, self.send, self.is_heard = request, wishes, send, is_heard
        self.most = wishes.most_of(request)
        self.began = time.monotonic()
        self.status = 0  # 0: this block of headers has not begun
        self.headers = AnswerHeaders()
        self.lines: list[tuple[bytes, bytes]] = []
        self.complete = False  # the headers
        self.body = bytearray()
        self.most_unseen = 0.0  # bytes up to which a piece needs no look
        self.look_at = math.inf  # bytes at which to look for the image's size; inf: never
        self.encodings: list[bytes] = []  # of an image's body, in the order in which they were applied
        self.flags: list[str] = []
        self.error: BaseException | None = None  # why the transfer was stopped, when that is a failure

    def take_line(self, line: bytes) -> int | None:
        """Take a header line from libcurl."""
        return GO_ON if self.complete else self._guarded(self._lined, line.rstrip(b"\r\n"))  # a trailer

    def take_chunk(self, chunk: bytes) -> int | None:
        """Take a piece of the body from libcurl."""
        if len(self.body) + len(chunk) <= self.most_unseen:  # as most pieces
            self.body += chunk
            return GO_ON
        if not self.complete and (stop := self._guarded(self._headed)):
            return stop
        return self._guarded(self._grown, chunk)

    def take_end(self) -> None:
        """End the answer; decode an image that was sent compressed."""
        if not self.complete:
            self._guarded(self._headed)
        if self.complete and self.encodings and not self.error:
            self._guarded(self._decoded)

    @property
    def is_whole_image(self) -> bool:
        """Whether what came before a transfer broke off is an image to its end."""
        return bool(self.request.meta.get("image")) and is_whole(self.body)

    def _guarded(self, step: Callable[..., bool], *arguments: Any) -> int | None:
        """Keep a step's exception and stop the transfer, since a callback of libcurl cannot raise."""
        try:
            return STOP if step(*arguments) else GO_ON
        except Exception as error:
            self.error = error
            return STOP

    def _lined(self, line: bytes) -> bool:
        if not self.status:
            said = STATUS_LINE.fullmatch(line)
            if not said or said[1] == b"101":  # another protocol, unasked
                raise exceptions.DownloadFailedError(f"{self.request.url} answers {line[:80]!r}")
            self.status = int(said[1])
        elif line:
            name, colon, value = line.partition(b":")
            if colon:
                self.lines.append((name.strip(), value.strip()))
        elif self.status >= 200:
            return self._headed()
        else:  # an informational status, such as 103: the real headers follow
            self.status = 0
            self.lines.clear()
        return False

    def _headed(self) -> bool:
        request, wishes = self.request, self.wishes
        self.complete = True
        self.headers = AnswerHeaders(self.lines)
        request.meta["download_latency"] = time.monotonic() - self.began
        digits = self.headers.get("Content-Length", b"").lstrip(b"0")
        if len(digits) > 18 and digits.isdigit():  # beyond the range of libcurl's integers
            raise self._too_large()
        declared = int(digits) if digits.isdigit() else None
        if self.most and (declared or 0) > self.most:
            raise self._too_large()
        if request.meta.get("image") and self.status in BRING_AN_IMAGE:
            check_permission(request, self.headers, wishes)
            self.encodings = self._encodings()
            if not self.encodings and (wishes.min_side or wishes.max_pixels):
                self.look_at = 1
        return self._stopped_by(signals.headers_received, headers=self.headers, body_length=declared)

    def _encodings(self) -> list[bytes]:
        return encodings_of(self.headers.getlist("Content-Encoding"))

    def _decoded(self) -> bool:
        """Decode the body, unless its bytes are an image as they are, whatever its header says."""
        if size_of(self.body) is not None:
            self.encodings = []
        elif unknown := [name for name in self.encodings if name not in INFLATED]:
            raise RefusedError("ENCODED", f"{self.request.url} has the unknown encoding {unknown[0][:40]!r}")
        try:
            self.body = bytearray(decoded(self.body, self.encodings, self.most))
        except ValueError as error:
            raise exceptions.ResponseDataLossError(f"{self.request.url}: {error}") from error
        if self.most and len(self.body) > self.most:
            raise self._too_large()
        del self.headers["Content-Encoding"]
        if self.wishes.min_side or self.wishes.max_pixels:
            self._look()
        return False

    def _grown(self, chunk: bytes) -> bool:
        self.body += chunk
        if self.most and len(self.body) > self.most:
            raise self._too_large()
        if len(self.body) >= self.look_at:
            self._look()
        if self.is_heard:
            return self._stopped_by(signals.bytes_received, data=chunk)
        self.most_unseen = min(self.look_at - 1, self.most or math.inf)
        return False

    def _too_large(self) -> RefusedError:
        return RefusedError("TOO_LARGE", f"{self.request.url} is larger than {self.most} bytes")

    def _look(self) -> None:
        """Refuse an image whose header declares an unwanted size."""
        size = size_of(self.body)
        if size is None:  # not yet; growing steps keep tiny pieces cheap
            self.look_at = 1.25 * len(self.body) if len(self.body) < ENOUGH else math.inf
            return
        self.look_at = math.inf
        if reason := size_against(size, self.wishes.min_side, self.wishes.max_pixels):
            raise RefusedError(reason, f"{self.request.url} has {size[0]} x {size[1]} px")

    def _stopped_by(self, signal: Any, **facts: Any) -> bool:
        """Send a signal; returns whether a listener stops the download.

        Raises:
            StopDownload: a listener stops it as a failure.
        """
        for _, result in self.send(signal, request=self.request, **facts):
            stop = getattr(result, "value", None)
            if isinstance(stop, exceptions.StopDownload):
                if stop.fail:
                    raise stop
                self.flags = ["download_stopped"]
                return True
        return False
