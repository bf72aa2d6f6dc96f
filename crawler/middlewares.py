"""Retries with pauses: for search calls by what the body says, for pictures by status and failure."""

import asyncio
from typing import Any

from scrapy import exceptions
from scrapy.downloadermiddlewares.retry import RetryMiddleware, get_retry_request

from crawler.naver import PASSING, ApiError, Trouble, answer_of

PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 524})
FIRST_PAUSE_S = 0.5  # seconds; doubled for every further attempt
LONGEST_PAUSE_S = 60.0
SPEED_RETRIES = 6  # at least, when told to slow down: waiting is all it takes


class PausingRetry(RetryMiddleware):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """Scrapy's retries, with a growing pause before each, and knowing which 429 is worth one."""

    async def process_response(self, request: Any, response: Any) -> Any:
        """Ask again after an answer that may pass; hand on every other."""
        if not request.meta.get("search"):
            if response.status not in PASSING_STATUSES:
                return response
            return await self._again(request, f"HTTP_{response.status}", response) or response
        answer = answer_of(response.status, response.body, start=1)
        if not isinstance(answer, ApiError) or answer.trouble not in PASSING:
            return response
        return await self._again(request, answer.trouble.name, response) or response

    async def process_exception(self, request: Any, exception: Exception) -> Any:
        """Ask again after a failure of the network."""
        if isinstance(exception, self.exceptions_to_retry):
            return await self._again(request, reason_of(exception))
        return None

    async def _again(self, request: Any, reason: str, response: Any = None) -> Any:
        attempts = request.meta.get("retry_times", 0)
        most = (
            max(self.max_retry_times, SPEED_RETRIES) if reason == Trouble.SPEED.name else self.max_retry_times
        )
        retry = get_retry_request(
            request,
            spider=self.crawler.spider,
            reason=reason,
            max_retry_times=most,
            give_up_log_level=self.give_up_log_level,
        )
        if retry is not None:
            await asyncio.sleep(pause_before(attempts + 1, response))
        return retry


def pause_before(attempt: int, response: Any = None) -> float:
    """Seconds to wait before a further attempt (1, 2, ...), longer when the server asks for it."""
    asked = response.headers.get("Retry-After", b"").strip() if response is not None else b""
    wanted = float(asked) if asked.isdigit() else 0.0
    return min(max(FIRST_PAUSE_S * 2.0 ** (attempt - 1), wanted), LONGEST_PAUSE_S)


def reason_of(error: BaseException) -> str:
    """Under which reason the report counts a picture that could not be fetched."""
    if isinstance(error, exceptions.IgnoreRequest):
        text = str(error)
        return "ROBOTS" if "robots.txt" in text else "REDIRECTS" if "redirect" in text else "TOO_LARGE"
    for kind, reason in REASONS.items():
        if isinstance(error, kind):
            return reason
    return type(error).__name__.upper()


REASONS: dict[type[BaseException], str] = {
    exceptions.DownloadTimeoutError: "TIMEOUT",
    exceptions.CannotResolveHostError: "UNREACHABLE",
    exceptions.DownloadConnectionRefusedError: "UNREACHABLE",
    exceptions.ResponseDataLossError: "BROKEN_TRANSFER",
    exceptions.DownloadFailedError: "BROKEN_TRANSFER",
    exceptions.DownloadCancelledError: "TOO_LARGE",
    exceptions.UnsupportedURLSchemeError: "BAD_ADDRESS",
    ConnectionError: "BROKEN_TRANSFER",
    ValueError: "BAD_ADDRESS",
}
