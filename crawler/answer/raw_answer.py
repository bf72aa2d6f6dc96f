"""An answer whose head libcurl refuses, read from its bytes as browsers do: odd lines are left out. Pure."""

import re

from scrapy import exceptions

from crawler.answer.answer import GO_ON, STOP, Answer
from crawler.answer.whole import is_whole

HEAD_BYTES = 300 * 1024  # of the longest head, as libcurl's
HEAD_END = re.compile(rb"\r?\n\r?\n")
STATUS = re.compile(rb"http/1\.\d +([1-9]\d\d(?: .*)?)", re.IGNORECASE)
INFORMATION = re.compile(rb"http/1\.\d +1(?!01)\d\d\b", re.IGNORECASE)
CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})[^\r\n]*\r\n")  # the line before a chunk: its size
LAST_CHUNK = b"\r\n0\r\n\r\n"


class RawAnswer:
    """Collects the bytes of an answer on a connection of its own, then hands them to an `Answer`.

    Of the head it leaves out lines without a colon, and NUL bytes; a line that begins with a blank goes on
    with the line before; the status line may spell HTTP/1.1 in another way. libcurl refuses each of these,
    and has no option to forgive them.

    Args:
        most: bytes of the longest body; 0: no limit.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.data = bytearray()  # of the body, once the head is known
        self.lines: list[bytes] = []  # of the head
        self.length: int | None = None  # bytes of the body, where the head says so
        self.has_two_lengths = False
        self.is_chunked = False
        self.loss = ""  # what is wrong with a body that is shorter than its head says

    def take(self, chunk: bytes) -> int | None:
        """Take a piece of the answer from libcurl."""
        self.data += chunk
        while not self.lines and (end := HEAD_END.search(self.data, self._blanks())):
            self._read_head(bytes(self.data[: end.start()]).lstrip())
            del self.data[: end.end()]
        return STOP if self._is_enough() else GO_ON

    def hand_to(self, answer: Answer) -> None:
        """Give an answer its head and its body; the answer judges both.

        Raises:
            DownloadFailedError: there is no head.
            ResponseDataLossError: the body is shorter than the head says, and no whole image.
        """
        if not self.lines:
            raise exceptions.DownloadFailedError(f"{answer.request.url} answers {bytes(self.data[:80])!r}")
        for line in (*self.lines, b""):
            if answer.take_line(line) == STOP:
                return
        body = self._body()
        if self.loss and not is_whole(body):
            raise exceptions.ResponseDataLossError(f"{answer.request.url}: {self.loss}")
        answer.flags = ["dataloss"] if self.loss else []
        answer.take_chunk(body)

    def _blanks(self) -> int:
        """Bytes before the status line."""
        return len(self.data) - len(self.data.lstrip())

    def _read_head(self, head: bytes) -> None:
        """Read a head, unless it is an informational one: the real one follows."""
        first, *others = head.replace(b"\0", b"").split(b"\n")
        if INFORMATION.match(first):
            return
        first = first.rstrip(b"\r")
        said = STATUS.fullmatch(first)
        self.lines = [b"HTTP/1.1 " + said[1] if said else first]
        for line in others:
            if line.startswith((b" ", b"\t")) and len(self.lines) > 1:
                self.lines[-1] += b" " + line.strip()
            elif b":" in line:
                self.lines.append(line.strip())
        self.is_chunked = any(b"chunked" in value.lower() for value in self._values_of(b"transfer-encoding"))
        lengths = set(self._values_of(b"content-length"))
        self.has_two_lengths = len(lengths) > 1
        if len(lengths) == 1 and re.fullmatch(rb"\d{1,18}", only := lengths.pop()):
            self.length = int(only)

    def _values_of(self, name: bytes) -> list[bytes]:
        parts = (line.partition(b":") for line in self.lines[1:])
        return [value.strip() for found, _, value in parts if found.strip().lower() == name]

    def _is_enough(self) -> bool:
        if not self.lines:
            return len(self.data) > HEAD_BYTES
        if self.most and len(self.data) > self.most + HEAD_BYTES:
            return True
        if self.is_chunked:
            return self.data.endswith(LAST_CHUNK) or self.data == LAST_CHUNK[2:]
        return self.length is not None and len(self.data) >= self.length

    def _body(self) -> bytes:
        """The body; one without a length ends with its connection."""
        if self.has_two_lengths:
            self.loss = "two lengths"
            return b""
        if self.is_chunked:
            return self._unchunked()
        if self.length is None:
            return bytes(self.data)
        if len(self.data) < min(self.length, (self.most or self.length) + 1):
            self.loss = f"{len(self.data)} of {self.length} bytes"
        return bytes(self.data[: self.length])

    def _unchunked(self) -> bytes:
        parts: list[bytes] = []
        at = 0
        while found := CHUNK.match(self.data, at):
            size, begin = int(found[1], 16), found.end()
            if not size:
                return b"".join(parts)
            parts.append(bytes(self.data[begin : begin + size]))
            at = begin + size + 2
        if self.most and len(self.data) > self.most:
            return bytes(self.data)  # too large, which the answer says
        self.loss = "its last chunk is missing"
        return b"".join(parts)
