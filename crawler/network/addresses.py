"""Canonical URLs: one spelling for each image, with rules for Naver's image hosts. Pure."""

import re
from urllib.parse import quote, unquote, urlsplit, urlunsplit

IMAGE_HOSTS = ("pstatic.net", "phinf.naver.net")  # serve resized copies by `type`
LONGEST = 8000  # characters of a URL
SAFE = "%!$&'()*+,;=:@/~-._"  # not escaped in a path; `%` keeps existing escapes
ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})|%[0-9a-fA-F]{2}")


def canonical_url(link: str) -> str:
    """The canonical URL of an image that the API links in several ways.

    It unwraps thumbnails, drops the size parameter of Naver's image hosts (without it they serve the
    original), and replaces http at its usual port by https. Otherwise only the spelling changes. A
    canonical URL is its own canonical URL.

    Raises:
        ValueError: the link is no http or https URL, or is longer than servers accept.
    """
    if len(link) > LONGEST:
        raise ValueError(f"a URL of {len(link)} characters, more than {LONGEST}: {link[:200]!r}")
    try:
        parts = urlsplit(_unwrapped(link.strip()))
        host = host_of(parts.hostname or "")
        port = parts.port
    except ValueError as error:  # UnicodeError is a ValueError too
        raise ValueError(f"not an http or https URL: {link[:200]!r}") from error
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]+", host):
        raise ValueError(f"not an http or https URL: {link[:200]!r}")
    if scheme == "http" and port in (None, 80, 443) and _may_speak_tls(host):
        scheme, port = "https", None
    query = parts.query
    if _is_image_host(host):
        query = "&".join(part for part in query.split("&") if part and part.partition("=")[0] != "type")
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != {"http": 80, "https": 443}[scheme]:
        netloc += f":{port}"
    return urlunsplit((scheme, netloc, _escaped(parts.path) or "/", _escaped(query, "?"), ""))


def host_of(name: str) -> str:
    """A host as canonical URLs spell it: lower-case ASCII, no dot at the end.

    Raises:
        ValueError: `name` is no host.
    """
    return name.rstrip(".").encode("idna").decode("ascii").lower() if name else ""


def links_by_http(link: str) -> bool:
    """Whether a link uses http, once unwrapped."""
    return urlsplit(_unwrapped(link.strip())).scheme.lower() == "http"


def _may_speak_tls(host: str) -> bool:
    """Whether a host may have a certificate: it is a name, and not a name of this machine."""
    return not re.fullmatch(r"[0-9.]+|.*:.*|(.*\.)?localhost", host)


def _unwrapped(link: str) -> str:
    """The URL inside `search.pstatic.net/common/?src=...`, which may be wrapped several times."""
    while True:  # each turn shortens the link
        parts = urlsplit(link)
        if (parts.hostname or "").rstrip(".") != "search.pstatic.net":
            return link
        source = next((part[4:] for part in parts.query.split("&") if part.startswith("src=")), "")
        if not source:
            return link
        # a plain URL, or one escaped as a whole; its own escapes stay
        link = source if re.match(r"https?://", source, re.IGNORECASE) else unquote(source)


def _is_image_host(host: str) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in IMAGE_HOSTS)


def _escaped(text: str, safe: str = "") -> str:
    """Text escaped for a URL; existing escapes stay, in one spelling."""
    tidy = ESCAPE.sub(lambda escape: escape[0].upper() if len(escape[0]) == 3 else "%25", text)
    return quote(tidy, safe=SAFE + safe)
