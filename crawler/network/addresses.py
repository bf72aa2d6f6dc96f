"""Addresses of pictures: one spelling for each, by what is known of Naver's picture hosts. Pure."""

import hashlib
import re
from urllib.parse import quote, unquote, urlsplit, urlunsplit

PICTURE_HOSTS = ("pstatic.net", "phinf.naver.net")  # serve resized copies by `type`, https as well as http
SAFE = "%!$&'()*+,;=:@/~-._"  # stays as it is in a path; `%` because what is escaped stays escaped
ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})|%[0-9a-fA-F]{2}")


def canonical_url(link: str) -> str:
    """The one address of a picture that the API links in several ways.

    Thumbnails are unwrapped, the size parameter of Naver's picture hosts is dropped (without it they serve
    the original), and these hosts are asked by https; elsewhere only spelling changes. A canonical address is
    its own.

    Raises:
        ValueError: it is no http or https address.
    """
    try:
        parts = urlsplit(_unwrapped(link.strip()))
        host = (parts.hostname or "").encode("idna").decode("ascii") if parts.hostname else ""
        port = parts.port
    except ValueError as error:  # UnicodeError, too, is one
        raise ValueError(f"no address of a picture: {link[:200]!r}") from error
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]+", host):
        raise ValueError(f"no address of a picture: {link[:200]!r}")
    query = parts.query
    if _is_picture_host(host):
        scheme = "https" if port in (None, 80, 443) else scheme
        port = None if port in (80, 443) else port
        query = "&".join(part for part in query.split("&") if part and part.partition("=")[0] != "type")
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != {"http": 80, "https": 443}[scheme]:
        netloc += f":{port}"
    return urlunsplit((scheme, netloc, _escaped(parts.path) or "/", _escaped(query, "?"), ""))


def _unwrapped(link: str) -> str:
    """The picture behind `search.pstatic.net/common/?src=...`, however often it is wrapped."""
    while True:  # each turn makes it shorter
        parts = urlsplit(link)
        if parts.hostname != "search.pstatic.net":
            return link
        source = next((part[4:] for part in parts.query.split("&") if part.startswith("src=")), "")
        if not source:
            return link
        # an address as it is, or escaped as a whole; what was escaped inside stays so
        link = source if re.match(r"https?://", source, re.IGNORECASE) else unquote(source)


def _is_picture_host(host: str) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in PICTURE_HOSTS)


def _escaped(text: str, safe: str = "") -> str:
    """`text` as it may stand in an address; what is escaped already stays so, in one spelling."""
    tidy = ESCAPE.sub(lambda escape: escape[0].upper() if len(escape[0]) == 3 else "%25", text)
    return quote(tidy, safe=SAFE + safe)


FORGOTTEN = "forgotten:"  # in place of an address that was deleted; its digest follows


def digest_of(url: str) -> str:
    """What stands for a canonical address where the address itself must not stand."""
    return hashlib.sha256(url.encode()).hexdigest()


def mark_of(url: str) -> bytes:
    """A short mark that stands for an address, also for one that was deleted."""
    digest = url.removeprefix(FORGOTTEN) if url.startswith(FORGOTTEN) else digest_of(url)
    return bytes.fromhex(digest[:32])
