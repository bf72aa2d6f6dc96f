"""Whether to request an image by https or by http: https first, http where https fails. Pure."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from crawler.network.addresses import links_by_http

FAILED_BY_HTTPS = ("UNREACHABLE", "BROKEN_TRANSFER", "TIMEOUT")  # http may succeed
MAY_BE_HTTPS = (*FAILED_BY_HTTPS, "HTTP_4", "HTTP_52")  # where the host serves nothing by https


class Schemes:
    """Remembers by which scheme each host serves images.

    A host that has failed by https is asked by http first. A host that has served by https is always asked by
    https first; there, an error status belongs to the image, and only a failed transfer is tried by http.
    """

    def __init__(self) -> None:
        self.by_http: set[str] = set()  # hosts that have failed by https
        self.served_by_https: set[str] = set()

    def first_url(self, url: str, link: str) -> str:
        """The URL to request first.

        Args:
            url: the image's canonical URL.
            link: the image's address as the search gave it.
        """
        known = urlsplit(url).netloc in self.by_http
        return _with_scheme("http", url) if known and links_by_http(link) else url

    def other_url(self, url: str, link: str, requested: str, tried: Sequence[str], reason: str) -> str | None:
        """The URL to request after a failure; None when the other scheme cannot help.

        Args:
            url: the image's canonical URL.
            link: the image's address as the search gave it.
            requested: the URL that failed, after redirects.
            tried: schemes requested before.
            reason: why it failed.
        """
        scheme, host = urlsplit(requested)[:2]
        other = "http" if scheme == "https" else "https"
        blamed = FAILED_BY_HTTPS if scheme == "http" or host in self.served_by_https else MAY_BE_HTTPS
        if not may_fall_back(url, link) or other in (*tried, scheme) or not reason.startswith(blamed):
            return None
        if scheme == "http":
            self.by_http.discard(host)
        elif host not in self.served_by_https:
            self.by_http.add(host)
        return _with_scheme(other, url)

    def served(self, requested: str) -> None:
        """Note that a URL was answered with status 200."""
        if requested.startswith("https:"):
            self.served_by_https.add(urlsplit(requested).netloc)


def may_fall_back(url: str, link: str) -> bool:
    """Whether an https URL may be tried by http: the search linked the image by http."""
    return url.startswith("https:") and links_by_http(link)


def _with_scheme(scheme: str, url: str) -> str:
    return f"{scheme}:{url.partition(':')[2]}"
