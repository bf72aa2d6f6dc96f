"""What search APIs share: calls, pages, results and errors as values. Pure."""

import html
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from crawler.answer.unicode_text import unicode_encoding_of
from fashion_pggan.storage.bounded.json_text import json_in, objects_in

LINK = 8001  # characters read of a URL: one more than is allowed
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")  # no XML has them
BEFORE = re.compile(r"\s*(?:[\w.$]{1,100}\s*\(|\)\]\}',?)?\s*(?=\{)")  # of an object: JSONP, or )]}'


@dataclass(frozen=True)
class Keys:
    """The caller's credentials; never shown."""

    key_id: str = field(repr=False)
    key: str = field(repr=False)

    def hidden_in(self, text: str) -> str:
        """`text` with the keys replaced by stars: an answer may repeat them."""
        for secret in (self.key, self.key_id):
            text = text.replace(secret, "***") if len(secret) > 4 else text
        return text


@dataclass(frozen=True)
class SearchCall:
    """One page of one query."""

    query: str
    start: int  # rank of the first result, from 1
    display: int  # results of a page
    sort: str  # sim or date
    filter: str  # all, large, medium or small

    def __str__(self) -> str:
        return f"{self.query} | {self.sort} | {self.filter}"

    @property
    def page(self) -> str:
        """The query and the first rank of the page, for people."""
        return f"{self} from rank {self.start} on"


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
    link: str  # the image's URL, as the API gives it
    width: int | None  # pixels, as the API says; None: unknown
    height: int | None
    source: str = ""  # the page that shows the image, where the API names it


@dataclass(frozen=True)
class Page:
    """A page of results."""

    total: int | None  # all results of the query; an estimate that changes from page to page; None: unknown
    returned: int  # results on this page, with those that have no usable link
    results: tuple[Result, ...]
    damaged: bool = field(default=False, compare=False)  # the rest of an answer that is no JSON
    # of its first item, or of an answer that is not understood; for a message, and not in the journal
    shape: str = field(default="", compare=False)


class Trouble(StrEnum):
    """The kind of an error answer, and what the crawl does about it."""

    SPEED = "too fast"  # slow down and retry
    SERVER = "server error"  # wait and retry
    QUOTA = "quota used up"  # stop; the next run resumes
    KEYS = "wrong keys"  # stop
    PERMISSION = "no permission"  # stop
    CLOSED = "no such API"  # stop
    SHAPE = "another shape"  # ask once more, then leave this query out; stop where all answers are like that
    REQUEST = "malformed request"  # stop: a fault of this program
    QUERY = "bad query"  # leave this query out
    WINDOW = "behind the last page"  # this query has no more pages


PASSING = frozenset({Trouble.SPEED, Trouble.SERVER})  # a later run may succeed
RETRIED = PASSING | {Trouble.SHAPE}  # a retry may succeed
OF_ONE_QUERY = frozenset({Trouble.QUERY, Trouble.WINDOW})  # the other queries continue


@dataclass(frozen=True)
class ApiError:
    """An answer without a page of results."""

    trouble: Trouble
    status: int  # of HTTP
    code: str  # the API's own; empty without one
    message: str
    rest: Page | None = None  # what can be taken of a damaged page, where asking again does not help

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.status or ""), self.code, self.message) if part)


class SearchApi(Protocol):
    """A search API: everything that differs between them."""

    @property
    def name(self) -> str:
        """Its name in crawl.provider."""

    @property
    def address(self) -> str:
        """Its URL, without parameters."""

    @property
    def page(self) -> int:
        """Results of one call, at most."""

    @property
    def window(self) -> int:
        """The last rank of a query that whole pages reach."""

    @property
    def daily_calls(self) -> int:
        """Calls a day that one key may make."""

    @property
    def filters(self) -> bool:
        """Whether it filters images by size."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The environment variables that hold its keys: the key, or its ID and the key."""

    @property
    def console(self) -> str:
        """Where a person gets the keys."""

    def request_of(self, call: SearchCall, keys: Keys) -> ApiRequest:
        """The HTTP request of a call."""

    def answer_of(self, status: int, body: bytes, call: SearchCall) -> Page | ApiError:
        """Read the answer to `call`, whatever its content type."""


def clean_title(title: str) -> str:
    """A title without tags, entities, control characters and repeated blanks.

    Cleaning it twice changes nothing more.
    """
    while True:
        cleaned = " ".join(CONTROL.sub(" ", TAG.sub("", html.unescape(title))).split())
        if cleaned == title:
            return cleaned
        title = cleaned


def json_of(body: bytes) -> Any:
    """The JSON value of a body, whatever bytes its texts hold; None when it is no JSON.

    What stands around an object is left out: a call of JSONP, a guard against inclusion, a comment behind it.
    """
    text = _decoded(body)
    value = _value_of(text)
    if value is None and (before := BEFORE.match(text)):
        value = _value_of(text[before.end() : text.rfind("}") + 1])
    return value


def results_in(body: bytes, name: str) -> list[Any]:
    """The whole results of a damaged JSON text: objects with a field of this name."""
    return objects_in(_decoded(body), name)


def _decoded(body: bytes) -> str:
    return body.decode(unicode_encoding_of(body, "{") or "utf-8", "replace")


def _value_of(text: str) -> Any:
    try:
        return json_in(text, finite=False, strict=False)
    except ValueError:
        return None


def number_of(value: object) -> int | None:
    """A count from a number or, as Naver gives sizes, a string; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        number = int(value.replace(",", "") if isinstance(value, str) else value)
    except ValueError:
        return None
    return number if 0 <= number < 2**63 else None


def text_of(value: object, longest: int = 500) -> str:
    """A value as one line of at most `longest` characters; empty for None."""
    whole = "" if value is None else str(value).encode("utf-8", "replace").decode()  # no lone surrogates
    return " ".join(whole.split())[:longest]


def shape_of(value: object, longest: int = 300) -> str:
    """The names and types in an answer, without its values: `{total: int, items: [{title: str}, ...]}`."""
    return _shape_of(value, 3)[:longest]


def _shape_of(value: object, levels: int) -> str:
    if isinstance(value, dict) and levels:
        named = list(value.items())[:12]
        parts = [f"{text_of(name, 30)}: {_shape_of(part, levels - 1)}" for name, part in named]
        return f"{{{', '.join(parts)}}}"
    if isinstance(value, list) and levels:
        return f"[{_shape_of(value[0], levels - 1)}, ...]" if value else "[]"
    return "null" if value is None else type(value).__name__


def beginning_of(body: bytes) -> str:
    """The beginning of a body as one line."""
    return " ".join(body[:200].decode("utf-8", "replace").split())
