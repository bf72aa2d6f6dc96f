"""Kakao's (Daum's) image search: requests and answers. Pure.

Source: Kakao's documents of the Daum search API and its list of error codes, as of November 2026. Code -10
says that a limit was exceeded, but not which: the rate or the daily quota. Naver has two codes.
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

SORTS = {"sim": "accuracy", "date": "recency"}

CODES = {  # {"code": ..., "msg": ...}
    "-1": Trouble.SERVER,
    "-2": Trouble.QUERY,
    "-3": Trouble.PERMISSION,
    "-4": Trouble.PERMISSION,
    "-5": Trouble.PERMISSION,
    "-6": Trouble.PERMISSION,
    "-7": Trouble.SERVER,
    "-8": Trouble.REQUEST,
    "-9": Trouble.CLOSED,
    "-10": Trouble.SPEED,
    "-11": Trouble.QUOTA,
    "-12": Trouble.PERMISSION,
    "-401": Trouble.KEYS,
}
TYPES = {  # {"errorType": ..., "message": ...}
    "MissingParameter": Trouble.QUERY,
    "InvalidArgument": Trouble.QUERY,
    "AccessDeniedError": Trouble.KEYS,
    "RequestThrottled": Trouble.SPEED,
}
STATUSES = {
    400: Trouble.QUERY,
    401: Trouble.KEYS,
    403: Trouble.PERMISSION,
    404: Trouble.CLOSED,
    429: Trouble.SPEED,
}


@dataclass(frozen=True)
class Kakao:
    """The API: pages of 80, 50 of them."""

    name: str = "kakao"
    address: str = "https://dapi.kakao.com/v2/search/image"
    keys: tuple[str, ...] = ("KAKAO_REST_API_KEY",)
    console: str = "an app of Kakao Developers"
    page: int = 80
    window: int = 4000
    daily_calls: int = 30_000
    filters: bool = False

    def request_of(self, call: SearchCall, keys: Keys) -> ApiRequest:
        """The HTTP request of a call."""
        parameters = {
            "query": call.query,
            "sort": SORTS[call.sort],
            "page": (call.start - 1) // call.display + 1,
            "size": call.display,
        }
        return ApiRequest(f"{self.address}?{urlencode(parameters)}", {"Authorization": f"KakaoAK {keys.key}"})

    def answer_of(self, status: int, body: bytes, call: SearchCall) -> Page | ApiError:
        """Read the answer to `call`."""
        answer = json_of(body)
        documents = answer.get("documents") if isinstance(answer, dict) else None
        if isinstance(answer, dict) and "documents" in answer and documents is None and call.start > 1:
            documents = []  # null behind a query's last result
        if status == 200 and isinstance(documents, list):
            return _page_of(documents, answer.get("meta"), call.start)
        error = _error_of(status, body)
        if status == 200 and answer is not None and error.trouble is Trouble.SERVER and not error.code:
            return replace(error, trouble=Trouble.SHAPE, message=shape_of(answer))
        if status == 200 and answer is None:
            rest = _page_of(results_in(body, "image_url"), None, call.start)
            return replace(error, rest=rest) if rest.results else error
        return error


KAKAO = Kakao()


def _page_of(documents: list[Any], meta: Any, start: int) -> Page:
    meta = meta if isinstance(meta, dict) else {}
    last = start + len(documents) - 1
    pageable = number_of(meta.get("pageable_count"))
    found = (_result_of(document, start + offset) for offset, document in enumerate(documents))
    return Page(
        total=last if meta.get("is_end") is True else pageable,
        returned=len(documents),
        results=tuple(result for result in found if result is not None),
        shape=shape_of(documents[0]) if documents else "",
    )


def _result_of(document: Any, rank: int) -> Result | None:
    link = text_of(document.get("image_url"), LINK) if isinstance(document, dict) else ""
    if not link:
        return None
    return Result(
        rank=rank,
        title=clean_title(text_of(document.get("display_sitename"))),  # the API gives no title
        link=link,
        width=number_of(document.get("width")) or None,
        height=number_of(document.get("height")) or None,
        source=text_of(document.get("doc_url"), LINK),
    )


def _error_of(status: int, body: bytes) -> ApiError:
    answer = json_of(body)
    if not isinstance(answer, dict):
        return ApiError(STATUSES.get(status, Trouble.SERVER), status, "", beginning_of(body))
    code = text_of(answer.get("code", answer.get("errorType")))
    message = text_of(answer.get("msg", answer.get("message")))
    trouble = CODES.get(code) or TYPES.get(code) or STATUSES.get(status, Trouble.SERVER)
    return ApiError(trouble, status, code, message)
