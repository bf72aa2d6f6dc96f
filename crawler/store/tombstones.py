"""Tombstones: URLs, hosts and image bytes that must never be fetched again."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import urlsplit

from crawler.network.addresses import canonical_url
from crawler.store.marks import digest_as_spelt, digest_of
from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import write_text

ABOUT = {"about": "what `python -m crawler forget` has deleted; url: the SHA-256 of its canonical address"}

SCHEMES = ("https", "http")

Kind = Literal["url", "host", "sha256"]


class Kept(Protocol):
    """An image with its URLs."""

    url: str
    sha256: str
    final_url: str
    redirects: str


class Tombstones:
    """The tombstones of a repository; a URL is stored only as its SHA-256.

    Args:
        file: JSON Lines, versioned with the code, so that no machine fetches what another has forgotten.

    Raises:
        UserError: a line cannot be read, and a crawl without it might fetch what was forgotten.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.of: dict[str, set[str]] = {"url": set(), "host": set(), "sha256": set()}
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        self.lines = [self._read(number, line) for number, line in enumerate(text.splitlines(), 1)]
        for line in self.lines:
            if line.keys() != ABOUT.keys():
                self.of[line["kind"]].add(line["value"])

    def forbid(self, url: str) -> bool:
        """Whether a canonical URL (by http or https) or its host has a tombstone."""
        urls, hosts = self.of["url"], self.of["host"]
        address = url.partition(":")[2]
        spellings = (f"{scheme}:{address}" for scheme in SCHEMES)
        return (
            bool(urls) and any(digest_of(each) in urls or digest_as_spelt(each) in urls for each in spellings)
        ) or (bool(hosts) and _is_of_hosts(url, hosts))

    def forbid_image(self, image: Kept) -> bool:
        """Whether an image has a tombstone: by its bytes, its URL, or a URL of its redirects."""
        if not any(self.of.values()):
            return False
        ways = (image.url, image.final_url, *image.redirects.split())
        return self.forbid_bytes(image.sha256) or any(self.forbid(_canonical(url)) for url in ways if url)

    @property
    def name_addresses(self) -> bool:
        """Whether there is a tombstone of a URL or a host."""
        return bool(self.of["url"] or self.of["host"])

    def forbid_bytes(self, sha256: str) -> bool:
        """Whether an image of these bytes has a tombstone."""
        return sha256 in self.of["sha256"]

    def add(self, kind: Kind, values: Iterable[str]) -> int:
        """Write tombstones; returns how many are new.

        Args:
            kind: what the values are.
            values: of `url` the digests of canonical URLs.
        """
        new = sorted(set(values) - self.of[kind])
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.lines += [{"kind": kind, "value": value, "when": now} for value in new]
        self.of[kind].update(new)
        if new:
            lines = [ABOUT, *(line for line in self.lines if line.keys() != ABOUT.keys())]
            write_text(self.file, "".join(json.dumps(line) + "\n" for line in lines))
        return len(new)

    def _read(self, number: int, text: str) -> dict[str, str]:
        try:
            line: dict[str, str] = json.loads(text)
            if line.keys() == ABOUT.keys() or (line["kind"] in self.of and isinstance(line["value"], str)):
                return line
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise UserError(
            f"{self.file}, line {number}, is not a tombstone ({text[:80]}): correct the line, or remove it"
        )


def _canonical(url: str) -> str:
    try:
        return canonical_url(url)
    except ValueError:
        return url


def _is_of_hosts(url: str, hosts: set[str]) -> bool:
    """Whether a URL's host is one of `hosts` or below one: `a.example.org` is below `example.org`."""
    parts = (urlsplit(url).hostname or "").split(".")
    return any(".".join(parts[at:]) in hosts for at in range(len(parts)))
