"""Naver's image search: requests and answers. Pure.

Everything that a live call might contradict is in this module. Source: Naver's API documents and notices as
of November 2026; the error table follows the error pages of the developer centre and the API gateway.
"""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from crawler.providers.api import (
    LINK,
    ApiError,
    ApiRequest,
    Keys,
    Page,
    Result,
    SearchCall,
    Trouble,
    beginning_of,
    clean_title,
    json_of,
    number_of,
    results_in,
    shape_of,
    text_of,
)

PAGE = 100  # results of one call, the most the API gives
WINDOW = 1000  # ranks of one query that whole pages reach
DAILY_CALLS = 25_000  # of one key, all searches together


@dataclass(frozen=True)
class Platform:
    """One of the two places of the API: its address, headers and keys."""

    name: str
    address: str
    id_header: str
    key_header: str
    keys: tuple[str, str]  # environment variables
    console: str
    page: int = PAGE
    window: int = WINDOW
    daily_calls: int = DAILY_CALLS
    filters: bool = True

    def request_of(self, call: SearchCall, keys: Keys) -> ApiRequest:
        """The HTTP request of a call."""
        return request_of(call, self, keys)

    def answer_of(self, status: int, body: bytes, call: SearchCall) -> Page | ApiError:
        """Read the answer to `call`."""
        return answer_of(status, body, call.start)


HUB = Platform(
    "naver_hub",
    "https://naverapihub.apigw.ntruss.com/search/v1/image",
    "X-NCP-APIGW-API-KEY-ID",
    "X-NCP-APIGW-API-KEY",
    ("NAVER_API_KEY_ID", "NAVER_API_KEY"),
    "an application of NAVER API HUB in the NAVER Cloud console",
)
LEGACY = Platform(
    "naver_legacy",
    "https://openapi.naver.com/v1/search/image",
    "X-Naver-Client-Id",
    "X-Naver-Client-Secret",
    ("NAVER_CLIENT_ID", "NAVER_CLIENT_SECRET"),
    "an application of Naver's developer centre, which gives out no new ones and ends old ones on 2027-06-30",
)


def request_of(call: SearchCall, platform: Platform, keys: Keys) -> ApiRequest:
    """The HTTP request of a call."""
    parameters = {
        "query": call.query,
        "display": call.display,
        "start": call.start,
        "sort": call.sort,
        "filter": call.filter,
    }
    headers = {platform.id_header: keys.key_id, platform.key_header: keys.key}
    return ApiRequest(f"{platform.address}?{urlencode(parameters)}", headers)


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
STATUSES = {  # for bodies without a known code
    400: Trouble.QUERY,
    401: Trouble.KEYS,
    403: Trouble.PERMISSION,
    404: Trouble.CLOSED,
    408: Trouble.SERVER,
    410: Trouble.CLOSED,
    429: Trouble.SPEED,
}


def answer_of(status: int, body: bytes, start: int) -> Page | ApiError:
    """Read the answer to a call for ranks from `start` on, whatever its content type."""
    answer = json_of(body)
    items = answer.get("items") if isinstance(answer, dict) else None
    total = number_of(answer.get("total")) if isinstance(answer, dict) else None
    if status == 200 and isinstance(answer, dict) and items is None:
        ends = total == 0 or ("items" in answer and start > 1)  # null behind a query's last result
        items = [] if ends else None
    if status == 200 and isinstance(items, list):
        return _page_of(items, total, start)
    error = error_of(status, body)
    if status == 200 and answer is not None and error.trouble is Trouble.SERVER and not error.code:
        return replace(error, trouble=Trouble.SHAPE, message=shape_of(answer))
    if status == 200 and answer is None and (rest := _page_of(results_in(body, "link"), None, start)).results:
        return replace(error, rest=rest)
    return error


def error_of(status: int, body: bytes) -> ApiError:
    """Read an error from its body: quota and rate limit share the status 429."""
    answer = json_of(body)
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        inner = answer["error"]
        codes, code = GATEWAY_CODES, text_of(inner.get("errorCode"))
        message = ": ".join(filter(None, (text_of(inner.get("message")), text_of(inner.get("details")))))
    elif isinstance(answer, dict) and "errorCode" in answer:
        codes, code = SEARCH_CODES, text_of(answer["errorCode"])
        message = text_of(answer.get("errorMessage"))
    else:
        codes, code, message = {}, "", beginning_of(body)
    return ApiError(codes.get(code) or _by_status(status, message), status, code, message)


def _page_of(items: list[Any], total: int | None, start: int) -> Page:
    found = [_result_of(item, start + offset) for offset, item in enumerate(items)]
    return Page(
        total=total,
        returned=len(items),
        results=tuple(result for result in found if result is not None),
        shape=shape_of(items[0]) if items else "",
    )


def _result_of(item: Any, rank: int) -> Result | None:
    link = text_of(item.get("link"), LINK) if isinstance(item, dict) else ""
    if not link:
        return None
    return Result(
        rank=rank,
        title=clean_title(text_of(item.get("title"))),
        link=link,
        width=number_of(item.get("sizewidth")) or None,  # "0": unknown
        height=number_of(item.get("sizeheight")) or None,
    )


def _by_status(status: int, message: str) -> Trouble:
    if status == 429 and "quota" in message.lower():
        return Trouble.QUOTA
    return STATUSES.get(status, Trouble.SERVER)
