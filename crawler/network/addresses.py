"""URLs of images: a canonical spelling to recognise them by, and those at which they are requested. Pure."""

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from idna import uts46_remap

from crawler.network.signatures import without_signature

IMAGE_HOSTS = ("pstatic.net", "phinf.naver.net")  # take a size, `type`, in the query
LONGEST = 8000  # characters of a URL
LONGEST_PART = 63  # letters between two dots of a host, RFC 1035
SAFE = "%!$&'()*+,;=:@/~-._"  # not escaped in a path; `%` keeps existing escapes
ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})|%[0-9a-fA-F]{2}")
UNSENDABLE = re.compile(r"""[^!-~]+|["<>\\`]+""")  # escaped by browsers too
ORIGINALS = ("phinf.naver.net", "shop-phinf.pstatic.net", "shopping-phinf.pstatic.net")  # without `type`


@lru_cache(1024)  # links; the search, the request and the record ask for the same one
def canonical_url(link: str) -> str:
    """The canonical URL of an image that the API links in several ways; it recognises, and is not requested.

    It unwraps thumbnails, drops the size parameter of Naver's image hosts and what signs an address, and
    replaces http at its usual port by https. Otherwise only the spelling changes. A canonical URL is its own
    canonical URL.

    Raises:
        ValueError: the link is no http or https URL, or is longer than servers accept.
    """
    return _canonical(link, without_signature)


def canonical_with_signature(link: str) -> str:
    """The canonical URL as earlier versions spelt it, with what signs the address; see `canonical_url`."""
    return _canonical(link, lambda path, query: query)


def _canonical(link: str, unsigned: Callable[[str, str], str]) -> str:
    if len(link) > LONGEST:
        raise ValueError(f"a URL of {len(link)} characters, more than {LONGEST}: {link[:200]!r}")
    try:
        parts = urlsplit(_unwrapped(_with_scheme(link)))
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
    if _is_one_of(host, IMAGE_HOSTS):
        query = _without_type(query)
    query = unsigned(parts.path, query)
    netloc = _netloc(scheme, host, port)
    return urlunsplit((scheme, netloc, _escaped(parts.path) or "/", _escaped(query, "?"), ""))


def as_linked(link: str) -> str:
    """The URL that a link names, letter by letter: a host may have signed its very spelling.

    As in browsers, only the host's spelling changes, and what cannot be sent is escaped. A user and a
    password are dropped.

    Raises:
        ValueError: the link is no http or https URL.
    """
    canonical_url(link)  # raises
    link = re.sub(r"[\t\r\n]", "", _with_scheme(link))
    parts = urlsplit(link)
    scheme, host = parts.scheme.lower(), host_of(parts.hostname or "")
    rest = link.partition("://")[2].partition("#")[0][len(parts.netloc) :]
    rest = rest if rest.startswith("/") else f"/{rest}"
    rest = UNSENDABLE.sub(lambda found: quote(found[0]), rest)
    return f"{scheme}://{_netloc(scheme, host, parts.port)}{rest}"


def urls_of(link: str) -> list[str]:
    """The URLs at which an image may be fetched, the best first; the last two are the link itself.

    The original comes first where a rule of its host says how to name it: the image inside a thumbnail, and
    `type` left out. Of each URL by http there is one by https, for hosts that may speak it.
    """
    given = as_linked(link)
    original = _original_of(given)
    found = dict.fromkeys((original, given))
    return list(dict.fromkeys(each for url in found for each in (url, with_https(url))))


def with_https(url: str) -> str:
    """A URL by https, where it is by http at the usual port of a host that may speak https."""
    parts = urlsplit(url)
    usual = parts.scheme == "http" and parts.port is None and _may_speak_tls(parts.hostname or "")
    return f"https:{url.partition(':')[2]}" if usual else url


def width_named_in(link: str) -> int:
    """The pixels that `type` of an image host's link names, as in `type=w966`; 0 where it names none."""
    parts = urlsplit(link)
    named = re.search(r"(?:^|&)type=[a-z]{1,2}(\d{2,4})", parts.query)
    return int(named[1]) if named and _is_one_of(parts.hostname or "", IMAGE_HOSTS) else 0


@lru_cache(1024)  # hosts
def host_of(name: str) -> str:
    """A host as canonical URLs spell it: lower-case ASCII, no dot at the end.

    Other letters are mapped as in browsers (UTS 46, not transitional): `faß.example` is not `fass.example`,
    and an emoji is a letter.

    Raises:
        ValueError: `name` is no host, or DNS cannot hold a part of it.
    """
    if not (name := name.rstrip(".")):
        return ""
    mapped = name.lower() if name.isascii() else uts46_remap(name, std3_rules=False, transitional=False)
    parts = [_in_ascii(part) for part in mapped.split(".")]
    if odd := [part for part in parts if not 0 < len(part) <= LONGEST_PART]:
        raise ValueError(f"no host: {odd[0][:80]!r} is none of its parts, of 1 to {LONGEST_PART} letters")
    return ".".join(parts)


def _in_ascii(part: str) -> str:
    return part if part.isascii() else f"xn--{part.encode('punycode').decode()}"


@lru_cache(1024)  # hosts
def _may_speak_tls(host: str) -> bool:
    """Whether a host may have a certificate: it is a name, and not a name of this machine."""
    return not re.fullmatch(r"[0-9.]+|.*:.*|(.*\.)?localhost", host)


def _with_scheme(link: str) -> str:
    """A link as it stands, or by https where it begins with its host: `//a.example/1.jpg`."""
    link = link.strip()
    return f"https:{link}" if link.startswith("//") else link


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


def _original_of(url: str) -> str:
    """The URL of the original, where a rule names it; otherwise the URL itself."""
    inner = _unwrapped(url)
    try:
        url = as_linked(inner) if inner != url else url
    except ValueError:
        return url
    base, _, query = url.partition("?")
    if not _is_one_of(urlsplit(url).hostname or "", ORIGINALS):
        return url
    left = _without_type(query)
    return f"{base}?{left}" if left else base


def _without_type(query: str) -> str:
    return "&".join(part for part in query.split("&") if part and part.partition("=")[0] != "type")


def _is_one_of(host: str, names: tuple[str, ...]) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in names)


def _netloc(scheme: str, host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port in (None, {"http": 80, "https": 443}[scheme]) else f"{name}:{port}"


def _escaped(text: str, safe: str = "") -> str:
    """Text escaped for a URL; existing escapes stay, in one spelling."""
    tidy = ESCAPE.sub(lambda escape: escape[0].upper() if len(escape[0]) == 3 else "%25", text)
    return quote(tidy, safe=SAFE + safe)
