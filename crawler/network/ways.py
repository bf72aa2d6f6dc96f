"""Which URL of an image to request: as it was linked, or another one where that fails."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from crawler.answer.failures import NOT_CACHED, OF_CERTIFICATES
from crawler.network.addresses import urls_of, with_https

OF_THE_SITE = OF_CERTIFICATES | {"UNREACHABLE", "BROKEN_TRANSFER", "TIMEOUT"}  # no answer
OF_THE_ANSWER = frozenset({"EMPTY", "NOT_AN_IMAGE", "REDIRECTS", "ROBOTS_UNREADABLE", NOT_CACHED})
OF_THE_COPY = frozenset({"TOO_SMALL", SMALLER := "SMALLER"})  # another copy may be larger


class Ways:
    """Remembers which sites (`http://example.org`) serve images.

    A site that gave no answer is asked after others. A site that has served images is believed: what it does
    not serve is not asked for again by the other scheme.
    """

    def __init__(self) -> None:
        self.dead: set[str] = set()
        self.serving: set[str] = set()

    def first(self, link: str) -> str:
        """The URL to request first."""
        return self._all(link)[0]

    def next(self, link: str, asked: Sequence[str], reason: str) -> str | None:
        """The URL to request after a failure; None when there is none that may help.

        Args:
            link: the image's address as the search gave it.
            asked: the URLs that were requested, the last one last.
            reason: why the last one failed.
        """
        failed = asked[-1]
        if reason in OF_THE_SITE and site_of(failed) not in self.serving:
            self.dead.add(site_of(failed))
        for url in self._all(link):
            was_passed_over = any(is_by_other_scheme(url, earlier) for earlier in asked[:-1])
            if url not in asked and not was_passed_over and self._may_help(failed, url, reason):
                return url
        return None

    def served(self, asked: str) -> None:
        """Note that a URL brought an image."""
        self.serving.add(site_of(asked))
        self.dead.discard(site_of(asked))

    def may_be_the_scheme(self, url: str) -> bool:
        """Whether https may answer where a URL does not: its site has served nothing yet."""
        return with_https(url) != url and site_of(url) not in self.serving

    def _all(self, link: str) -> list[str]:
        return sorted(urls_of(link), key=lambda url: site_of(url) in self.dead)

    def _may_help(self, failed: str, url: str, reason: str) -> bool:
        if not is_by_other_scheme(failed, url):
            return reason in OF_THE_SITE | OF_THE_ANSWER | OF_THE_COPY or _is_error(reason)
        believed = site_of(failed) in self.serving
        return reason in OF_THE_SITE or (not believed and (reason in OF_THE_ANSWER or _is_error(reason)))


def is_by_other_scheme(url: str, other: str) -> bool:
    """Whether two URLs differ in their scheme alone."""
    return url != other and url.partition(":")[2] == other.partition(":")[2]


def site_of(url: str) -> str:
    """Scheme and host of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_error(reason: str) -> bool:
    """Whether a reason is an error status of HTTP; 429 asks for less, not for more."""
    return reason.startswith(("HTTP_4", "HTTP_5")) and reason != "HTTP_429"
