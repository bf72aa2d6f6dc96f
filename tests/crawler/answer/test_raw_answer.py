"""Heads that libcurl refuses and browsers forgive."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import exceptions
from scrapy.http import Headers

from crawler.answer.answer import GO_ON, STOP
from crawler.answer.raw_answer import HEAD_BYTES, RawAnswer

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"odd\r\nTransfer-Encoding: chunked\r\n\r\n"


class Taken:
    """An answer that keeps what it is given."""

    def __init__(self) -> None:
        self.request = SimpleNamespace(url="https://a.org/1.jpg")
        self.status, self.pairs, self.body = b"", list[tuple[bytes, bytes]](), b""

    def take_line(self, line: bytes) -> None:
        if line.startswith(b"HTTP/"):
            self.status = line
        elif line:
            name, _, value = line.partition(b":")
            self.pairs.append((name.strip(), value.strip()))

    def take_chunk(self, chunk: bytes) -> None:
        self.body += chunk

    @property
    def headers(self) -> Headers:
        return Headers(self.pairs)


def taken(data: bytes, most: int = 0, piece: int = 7) -> Any:
    raw, answer = RawAnswer(most), Taken()
    for at in range(0, len(data), piece):
        if raw.take(data[at : at + piece]) == STOP:
            break
    raw.hand_to(answer)  # type: ignore[arg-type]  # a stand-in for an answer
    return answer


@pytest.mark.parametrize(
    "head",
    [
        b"no colon here\r\nContent-Length: 5\r\n\r\n",
        b"Content-Length: 5\r\nno colon here\r\n\r\n",
        b'Content-Disposition: attachment; filename="a\r\n"\r\nContent-Length: 5\r\n\r\n',
        b"X-A: a\0b\r\nContent-Length: 5\r\n\r\n",
        b" X-A: b\r\nContent-Length: 5\r\n\r\n",
        b"odd\nContent-Length: 5\n\n",
        b"Content-Length: many\r\n\r\n",
        b"Content-Length:\r\nodd\r\n\r\n",
    ],
)
def test_what_is_no_header_is_left_out_and_the_body_is_whole(head: bytes) -> None:
    assert taken(OK + head + b"image").body == b"image"


def test_the_other_headers_are_kept_in_their_order() -> None:
    head = b"X-Robots-Tag: noai,\r\n noimageai\r\nodd\r\nX-Robots-Tag: b\r\nContent-Length: 0\r\n\r\n"
    assert taken(OK + head).headers.getlist("X-Robots-Tag") == [b"noai, noimageai", b"b"]


@pytest.mark.parametrize(
    "first", [b"HTTP/1.2 200 OK", b"http/1.1 200 OK", b"HTTP/1.1  200 OK", b"\r\nHTTP/1.0 200 OK"]
)
def test_a_status_line_in_another_spelling_is_read(first: bytes) -> None:
    assert taken(first + b"\r\nContent-Length: 5\r\n\r\nimage").status == b"HTTP/1.1 200 OK"


def test_an_informational_head_is_not_the_answers() -> None:
    answer = taken(b"HTTP/1.1 103 Early Hints\r\nodd\r\n\r\n" + OK + b"odd\r\nContent-Length: 5\r\n\r\nimage")
    assert (answer.status, answer.body) == (OK.rstrip(), b"image")


def test_pieces_are_put_together() -> None:
    assert taken(OK + CHUNKED + b"3;a=b\r\nima\r\n2\r\nge\r\n0\r\n\r\n").body == b"image"


@pytest.mark.parametrize(
    "rest",
    [
        b"odd\r\nContent-Length: 9\r\n\r\nimage",
        b"odd\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\nimage",
        CHUNKED + b"3\r\nima\r\n",
        CHUNKED + b"-3\r\nima\r\n0\r\n\r\n",
        CHUNKED + b"zz\r\nima\r\n0\r\n\r\n",
    ],
)
def test_a_body_that_is_cut_is_lost(rest: bytes) -> None:
    with pytest.raises(exceptions.ResponseDataLossError):
        taken(OK + rest)


@pytest.mark.parametrize("data", [b"", b"image", OK + b"odd\r\n", b"a" * (HEAD_BYTES + 9)])
def test_bytes_without_a_head_are_no_answer(data: bytes) -> None:
    with pytest.raises(exceptions.DownloadFailedError, match=re.escape("https://a.org/1.jpg answers")):
        taken(data, piece=100_000)


def test_reading_stops_at_the_end_and_beyond_the_longest_body() -> None:
    assert RawAnswer(0).take(OK + b"odd\r\nContent-Length: 2\r\n\r\nim") == STOP
    assert RawAnswer(0).take(OK + b"odd\r\nContent-Length: 2\r\n\r\ni") == GO_ON
    assert RawAnswer(0).take(OK + CHUNKED + b"2\r\nim\r\n0\r\n\r\n") == STOP
    assert RawAnswer(9).take(OK + b"odd\r\n\r\n" + bytes(HEAD_BYTES + 10)) == STOP
    assert len(taken(OK + b"odd\r\n\r\n" + bytes(999_999), most=9, piece=50_000).body) > 9


IMAGE = b"\xff\xd8\xff\xda \xff\xd9"


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\r\n0"])
def test_an_image_without_its_last_chunk_is_whole(end: bytes) -> None:
    answer = taken(OK + CHUNKED + b"7\r\n" + IMAGE + end)
    assert (answer.body, answer.flags) == (IMAGE, ["dataloss"])
    assert taken(OK + CHUNKED + b"7\r\n" + IMAGE + b"\r\n0\r\n\r\n").flags == []


def test_an_image_that_is_shorter_than_announced_is_whole() -> None:
    answer = taken(OK + b"odd\r\nContent-Length: 9\r\n\r\n" + IMAGE)
    assert (answer.body, answer.flags) == (IMAGE, ["dataloss"])
    with pytest.raises(exceptions.ResponseDataLossError):
        taken(OK + b"odd\r\nContent-Length: 9\r\n\r\n" + IMAGE[:-1])
