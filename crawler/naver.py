"""The image search API's requests and answers: pure, imports no Scrapy.

All that a live call might contradict is in this module. Source: Naver's API documents and notices as of
November 2026; the error table follows the developer centre's and the API gateway's error documents.
"""

import html
import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

PAGE = 100  # results of one call, the most the API gives
WINDOW = 1000  # ranks of one query that whole pages reach

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
class Platform:
    """Where the API is and what its key headers are called."""

    name: str
    address: str
    id_header: str
    key_header: str


HUB = Platform(
    "naver_hub",
    "https://naverapihub.apigw.ntruss.com/search/v1/image",
    "X-NCP-APIGW-API-KEY-ID",
    "X-NCP-APIGW-API-KEY",
)


@dataclass(frozen=True)
class SearchCall:
    """One page of one query."""

    query: str
    start: int  # rank of the first result, from 1
    display: int  # results wanted, 1 to 100
    sort: str  # sim or date
    filter: str  # all, large, medium or small


@dataclass(frozen=True)
class ApiRequest:
    """A GET request to make."""

    url: str
    headers: dict[str, str] = field(repr=False)


def request_of(call: SearchCall, platform: Platform, keys: Keys) -> ApiRequest:
    """The HTTP request that asks for a page."""
    parameters = {
        "query": call.query,
        "display": call.display,
        "start": call.start,
        "sort": call.sort,
        "filter": call.filter,
    }
    headers = {platform.id_header: keys.key_id, platform.key_header: keys.key}
    return ApiRequest(f"{platform.address}?{urlencode(parameters)}", headers)


@dataclass(frozen=True)
class Result:
    """One picture of a page."""

    rank: int  # in the query's results, from 1
    title: str  # without tags and entities
    link: str  # of the picture itself, as the API gave it
    width: int | None  # pixels, as the API says; None when it does not
    height: int | None


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

SEARCH_CODES = {  # {"errorMessage": ..., "errorCode": ...}
    "SE01": Trouble.QUERY,
    "SE02": Trouble.REQUEST,
    "SE03": Trouble.WINDOW,
    "SE04": Trouble.REQUEST,
    "SE05": Trouble.CLOSED,
    "SE06": Trouble.REQUEST,
    "SE99": Trouble.SERVER,
    "010": Trouble.QUOTA,
    "012": Trouble.SPEED,
    "024": Trouble.KEYS,
    "028": Trouble.KEYS,
}
GATEWAY_CODES = {  # {"error": {"errorCode": ..., "message": ..., "details": ...}}
    "100": Trouble.QUERY,
    "200": Trouble.KEYS,
    "210": Trouble.PERMISSION,
    "300": Trouble.CLOSED,
    "400": Trouble.QUOTA,
    "410": Trouble.SPEED,
    "420": Trouble.SPEED,
    "430": Trouble.REQUEST,
    "500": Trouble.SERVER,
    "510": Trouble.SERVER,
    "900": Trouble.SERVER,
}
STATUSES = {  # when the body says nothing that is known
    400: Trouble.QUERY,
    401: Trouble.KEYS,
    403: Trouble.PERMISSION,
    404: Trouble.CLOSED,
    408: Trouble.SERVER,
    410: Trouble.CLOSED,
    429: Trouble.SPEED,
}


@dataclass(frozen=True)
class ApiError:
    """An answer that is no page of results."""

    trouble: Trouble
    status: int  # of HTTP
    code: str  # the API's own; empty when it gave none
    message: str

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.status), self.code, self.message) if part)


def answer_of(status: int, body: bytes, start: int) -> Page | ApiError:
    """Read the answer to a call that asked for ranks from `start` on; its content type does not matter."""
    answer = _json_of(body)
    items = answer.get("items") if isinstance(answer, dict) else None
    if status != 200 or not isinstance(items, list):
        return error_of(status, body)
    found = [_result_of(item, start + offset) for offset, item in enumerate(items)]
    total = _number(answer.get("total"))
    return Page(
        total=start + len(items) - 1 if total is None else total,
        returned=len(items),
        results=tuple(result for result in found if result is not None),
    )


def error_of(status: int, body: bytes) -> ApiError:
    """Read an error from its body: quota and speed limit, above all, share the status 429."""
    answer = _json_of(body)
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        inner = answer["error"]
        codes, code = GATEWAY_CODES, _text(inner.get("errorCode"))
        message = ": ".join(filter(None, (_text(inner.get("message")), _text(inner.get("details")))))
    elif isinstance(answer, dict) and "errorCode" in answer:
        codes, code = SEARCH_CODES, _text(answer["errorCode"])
        message = _text(answer.get("errorMessage"))
    else:
        codes, code, message = {}, "", _short(body)
    return ApiError(codes.get(code) or _by_status(status, message), status, code, message)


def clean_title(title: str) -> str:
    """A title without tags, entities and doubled blanks; cleaning it again changes nothing."""
    while True:
        cleaned = " ".join(TAG.sub("", html.unescape(title)).split())
        if cleaned == title:
            return cleaned
        title = cleaned


def _result_of(item: Any, rank: int) -> Result | None:
    if not isinstance(item, dict) or not isinstance(item.get("link"), str) or not item["link"].strip():
        return None
    return Result(
        rank=rank,
        title=clean_title(_text(item.get("title"))),
        link=item["link"].strip(),
        width=_number(item.get("sizewidth")) or None,  # "0" means that nobody knows
        height=_number(item.get("sizeheight")) or None,
    )


def _by_status(status: int, message: str) -> Trouble:
    if status == 429 and "quota" in message.lower():
        return Trouble.QUOTA
    return STATUSES.get(status, Trouble.SERVER)


def _json_of(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def _number(value: object) -> int | None:
    """The API gives sizes as strings, totals as numbers."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        number = int(value)
    except ValueError:
        return None
    return number if 0 <= number < 2**63 else None


def _text(value: object) -> str:
    whole = "" if value is None else str(value).encode("utf-8", "replace").decode()  # no lone surrogates
    return " ".join(whole.split())[:500]


def _short(body: bytes) -> str:
    return " ".join(body[:200].decode("utf-8", "replace").split())
