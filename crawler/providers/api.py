"""What search APIs have in common: calls, pages, results and troubles as values. Pure, imports no Scrapy."""

import html
import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

LINK = 8001  # characters of an address that are read: one more than it may have
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")


@dataclass(frozen=True)
class Keys:
    """What identifies the caller; never shown."""

    key_id: str = field(repr=False)
    key: str = field(repr=False)

    def hidden_in(self, text: str) -> str:
        """`text` with the keys replaced by stars: an answer may repeat what was sent."""
        for secret in (self.key, self.key_id):
            text = text.replace(secret, "***") if len(secret) > 4 else text
        return text


@dataclass(frozen=True)
class SearchCall:
    """One page of one query."""

    query: str
    start: int  # rank of the first result, from 1
    display: int  # results wanted
    sort: str  # sim or date
    filter: str  # all, large, medium or small

    def __str__(self) -> str:
        return f"{self.query} | {self.sort} | {self.filter}"


@dataclass(frozen=True)
class ApiRequest:
    """A GET request to make."""

    url: str
    headers: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """One image of a page."""

    rank: int  # in the query's results, from 1
    title: str  # without tags and entities
    link: str  # of the image itself, as the API gave it
    width: int | None  # pixels, as the API says; None when it does not
    height: int | None
    source: str = ""  # the page that shows it, where the API says so


@dataclass(frozen=True)
class Page:
    """An answer."""

    total: int  # results the query has in all: an estimate that changes from page to page
    returned: int  # results of this page, those without a usable link too
    results: tuple[Result, ...]


class Trouble(StrEnum):
    """What an error answer asks of the crawl."""

    SPEED = "too fast"  # wait longer, ask again
    SERVER = "server error"  # wait, ask again
    QUOTA = "quota used up"  # stop; the next run goes on
    KEYS = "wrong keys"  # stop
    PERMISSION = "no permission"  # stop
    CLOSED = "no such API"  # stop
    REQUEST = "malformed request"  # stop: a fault of this program
    QUERY = "bad query"  # leave this query out
    WINDOW = "behind the last page"  # this query has no more pages


PASSING = frozenset({Trouble.SPEED, Trouble.SERVER})  # may pass when asked again
OF_ONE_QUERY = frozenset({Trouble.QUERY, Trouble.WINDOW})  # the other queries go on


@dataclass(frozen=True)
class ApiError:
    """An answer that is no page of results."""

    trouble: Trouble
    status: int  # of HTTP
    code: str  # the API's own; empty when it gave none
    message: str

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.status or ""), self.code, self.message) if part)


class SearchApi(Protocol):
    """One search API: everything that differs between them."""

    @property
    def name(self) -> str:
        """What crawl.provider calls it."""

    @property
    def address(self) -> str:
        """Where it is asked, without parameters."""

    @property
    def page(self) -> int:
        """Results of one call, the most it gives."""

    @property
    def window(self) -> int:
        """Ranks of one query that whole pages reach."""

    @property
    def daily_calls(self) -> int:
        """Calls that one key may make in a day."""

    @property
    def filters(self) -> bool:
        """Whether it can be asked for images of a size."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The environment variables that hold its keys: the key, or its ID and the key."""

    @property
    def console(self) -> str:
        """Where a person gets them."""

    def request_of(self, call: SearchCall, keys: Keys) -> ApiRequest:
        """The HTTP request that asks for a page."""

    def answer_of(self, status: int, body: bytes, call: SearchCall) -> Page | ApiError:
        """Read the answer to `call`; its content type does not matter."""


def clean_title(title: str) -> str:
    """A title without tags, entities and doubled blanks; cleaning it again changes nothing."""
    while True:
        cleaned = " ".join(TAG.sub("", html.unescape(title)).split())
        if cleaned == title:
            return cleaned
        title = cleaned


def json_of(body: bytes) -> Any:
    """The JSON of a body; None when it is none."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def number_of(value: object) -> int | None:
    """A count, given as a number or, as Naver gives sizes, as a string; None when it is neither."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        number = int(value)
    except ValueError:
        return None
    return number if 0 <= number < 2**63 else None


def text_of(value: object, longest: int = 500) -> str:
    """A value as one line of at most `longest` characters; empty for None."""
    whole = "" if value is None else str(value).encode("utf-8", "replace").decode()  # no lone surrogates
    return " ".join(whole.split())[:longest]


def beginning_of(body: bytes) -> str:
    """The first of a body that is no JSON, as one line."""
    return " ".join(body[:200].decode("utf-8", "replace").split())
