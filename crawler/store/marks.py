"""Digests and short marks that stand for a URL where the URL itself must not be written. Pure."""

import hashlib
import re
from urllib.parse import unquote

FORGOTTEN = "forgotten:"  # in place of a deleted URL; its digest follows
NEEDLESS = re.compile(r"%(?:3[0-9]|[46][1-9A-F]|[57][0-9A]|2D|2E|5F|7E)")  # RFC 3986, 6.2.2.2


def digest_of(url: str) -> str:
    """The SHA-256 of a canonical URL.

    URLs that differ only in needless escapes have one digest, although a server may distinguish them.
    """
    return digest_as_spelt(NEEDLESS.sub(lambda escape: unquote(escape[0]), url))


def digest_as_spelt(url: str) -> str:
    """The SHA-256 of a URL with its escapes as they are; the first tombstones held it."""
    return hashlib.sha256(url.encode()).hexdigest()


def mark_of(url: str) -> bytes:
    """16 bytes that stand for a URL, also after it was deleted."""
    digest = url.removeprefix(FORGOTTEN) if is_forgotten(url) else digest_of(url)
    return bytes.fromhex(digest[:32])


def is_forgotten(link: str) -> bool:
    """Whether a link stands for a deleted URL."""
    return re.fullmatch(f"{FORGOTTEN}[0-9a-f]{{64}}", link) is not None
