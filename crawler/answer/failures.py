"""The reasons by which failures are counted, and which of them may pass with time."""

from collections.abc import Callable

from scrapy import exceptions

from crawler.answer.counts import FAILED_CALL, ODD_ANSWER

REFUSALS = frozenset(
    {420, 429, 503, 509, 529}
)  # too fast, too busy, or too much; 420, 509, 529 are no standard
PASSING_STATUSES = REFUSALS | {408, 425, 500, 502, 504, 520, 521, 522, 523, 524}
LASTING_STATUSES = frozenset({404, 410})  # whatever Retry-After says beside them


class RefusedError(exceptions.IgnoreRequest):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """A request that this crawl does not make or finish; it is not retried.

    Args:
        reason: the name under which it is counted.
        text: the request and what is wrong with it.
    """

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class PostponedError(exceptions.IgnoreRequest):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """A request to make later. The spider keeps it until then, so that it takes no slot.

    Args:
        request: the request to make.
        call_when_due: takes a function, and calls it once the request may be made.
    """

    def __init__(self, request: object, call_when_due: Callable[[Callable[[], None]], object]) -> None:
        super().__init__(f"{request} waits")
        self.request, self.call_when_due = request, call_when_due


def reason_of(error: BaseException) -> str:
    """The reason of an error, such as `TIMEOUT` or `PRIVATE_ADDRESS`."""
    if isinstance(error, RefusedError):
        return error.reason
    if isinstance(error, exceptions.IgnoreRequest):
        text = str(error)
        if text.startswith("Ignored request not in cache"):
            return NOT_CACHED
        return SCRAPYS_WORDS.get(text, "TOO_LARGE")  # otherwise it grew too large when decompressed
    for kind, reason in REASONS.items():
        if isinstance(error, kind):
            return reason
    return type(error).__name__.upper()


NOT_CACHED = "NOT_CACHED"  # never asked for: HTTPCACHE_IGNORE_MISSING of Scrapy takes cached answers alone
SCRAPYS_WORDS = {"Forbidden by robots.txt": "ROBOTS", "max redirections reached": "REDIRECTS"}

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

CERTIFICATES = {  # of libcurl's text
    "expired": "CERTIFICATE_EXPIRED",
    "not yet valid": "CERTIFICATE_NOT_YET_VALID",
    "self-signed": "CERTIFICATE_SELF_SIGNED",
    "self signed": "CERTIFICATE_SELF_SIGNED",
    "match": "CERTIFICATE_OTHER_NAME",
}
UNTRUSTED = "CERTIFICATE_UNTRUSTED"  # of an unknown authority
OF_CERTIFICATES = frozenset({*CERTIFICATES.values(), UNTRUSTED})


def certificate_reason_of(text: str) -> str:
    """The reason for refusing a certificate, from libcurl's text."""
    return next((reason for words, reason in CERTIFICATES.items() if words in text), UNTRUSTED)


OF_CALLS = frozenset({"BAD_QUERY", ODD_ANSWER, FAILED_CALL, "DAMAGED_ANSWER"})  # of the search

WISHES = (
    OF_CALLS
    | frozenset(  # such images are not missing: this crawl, or their owner, does not want them fetched
        {"TOO_LARGE", "TOO_SMALL", "TOO_MANY_PIXELS", "OPTED_OUT", "FORGOTTEN", "ROBOTS", NOT_CACHED}
    )
)

BUSY_PAGE = "BUSY_PAGE"  # a page in place of an image, at a host that serves it when it is asked later

OF_ANSWERS = frozenset(
    {"OPTED_OUT", "ENCODED", "TOO_LARGE", "TOO_SMALL", "TOO_MANY_PIXELS"}
)  # the host itself works

MAY_PASS = frozenset(  # a resumed crawl tries these again
    {"TIMEOUT", "UNREACHABLE", "BROKEN_TRANSFER", "NOT_STORED", "HOST_BUSY", "ROBOTS_UNREADABLE", "EMPTY"}
    | {BUSY_PAGE, NOT_CACHED}
    | {f"HTTP_{status}" for status in PASSING_STATUSES}
)
