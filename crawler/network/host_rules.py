"""What crawl.hosts in params.yaml says of a host: the pause between requests, and the Referer."""

from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from crawler.network.addresses import as_linked
from fashion_pggan.params import HostRules

SEARCH_PAGES = {  # the Referer `search`, by crawl.provider
    "naver_hub": "https://search.naver.com/",
    "naver_legacy": "https://search.naver.com/",
    "kakao": "https://search.daum.net/",
}
NONE = HostRules()


def rules_at(settings: Any, url: str) -> HostRules:
    """The rules for the host of a URL: the first whose name fits; `*.example.org` fits all hosts below it."""
    rules: dict[str, HostRules] = dict(settings.get("CRAWL_HOSTS") or {})
    host = urlsplit(url).hostname or ""
    return next((rule for name, rule in rules.items() if fnmatchcase(host, name.lower())), NONE)


def referer_of(rule: str, url: str, page: str, provider: str) -> str:
    """The Referer of a request; empty for none.

    Args:
        rule: `page`, `search`, a URL, or empty.
        url: of the image.
        page: that shows the image, where the search or the list names it.
        provider: as in crawl.provider.
    """
    if rule == "search":
        return SEARCH_PAGES.get(provider, "")
    if rule != "page":
        return rule
    try:
        sent = as_linked(page) if page.strip().isprintable() else ""
    except ValueError:  # no page
        return ""
    parts = urlsplit(sent)
    same = parts.netloc == urlsplit(url).netloc
    return sent if same or not sent else f"{parts.scheme}://{parts.netloc}/"  # as browsers do
