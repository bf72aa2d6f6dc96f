"""Under which reason an image that could not be had is counted, and which reasons pass with time."""

from scrapy import exceptions

PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 524})


class RefusedError(exceptions.IgnoreRequest):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """A request that this crawl does not make, or does not finish; never tried again by itself.

    Args:
        reason: under which it is counted.
        text: what was refused.
    """

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class PostponedError(exceptions.IgnoreRequest):  # type: ignore[misc]  # mypy does not follow Scrapy, so its classes are Any
    """A request that is to be made later; the spider keeps it until then, so it takes no other's place.

    Args:
        request: what to ask then.
        seconds: how long to wait.
    """

    def __init__(self, request: object, seconds: float) -> None:
        super().__init__(f"{request} waits for {seconds:.1f} s")
        self.request, self.seconds = request, seconds


def reason_of(error: BaseException) -> str:
    """Under which reason an error is counted: `TIMEOUT`, `PRIVATE_ADDRESS`."""
    if isinstance(error, RefusedError):
        return error.reason
    if isinstance(error, exceptions.IgnoreRequest):
        return SCRAPYS_WORDS.get(str(error), "TOO_LARGE")  # else decompressed
    for kind, reason in REASONS.items():
        if isinstance(error, kind):
            return reason
    return type(error).__name__.upper()


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

OF_ANSWERS = frozenset(
    {"OPTED_OUT", "ENCODED", "TOO_LARGE", "TOO_SMALL", "TOO_MANY_PIXELS"}
)  # the host is well

MAY_PASS = frozenset(  # a crawl that goes on tries these again
    {"TIMEOUT", "UNREACHABLE", "BROKEN_TRANSFER", "NOT_STORED", "HOST_BUSY", "ROBOTS_UNREADABLE", "EMPTY"}
    | {f"HTTP_{status}" for status in PASSING_STATUSES}
)
