"""Tombstones: URLs, hosts and image bytes that must never be fetched again."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from crawler.lines import Line, line_of, lines_of
from crawler.network.addresses import canonical_url
from crawler.store.marks import digest_as_spelt, digest_of
from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.urls import host_in
from fashion_pggan.storage.files import write_bytes

ABOUT = "deleted by `fashion-pggan crawl forget`; url: the SHA-256 of the canonical URL"

SCHEMES = ("https", "http")

Kind = Literal["url", "host", "sha256"]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class About(_Line):
    """The first line."""

    about: str
    tombstones: int = 0  # how many follow: a file with fewer was cut


class Digest(_Line):
    """A tombstone of a URL or of bytes."""

    kind: Literal["url", "sha256"]
    value: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    when: str = ""


class Host(_Line):
    """A tombstone of a host, with all hosts below it."""

    kind: Literal["host"]
    value: Annotated[str, Field(min_length=1, max_length=300)]
    when: str = ""


LINE: TypeAdapter[Any] = TypeAdapter(About | Digest | Host)


class Kept(Protocol):
    """An image with its URLs."""

    url: str
    sha256: str
    final_url: str
    redirects: str


class Tombstones:
    """The tombstones of a repository; a URL is stored only as its SHA-256.

    Args:
        file: JSON Lines, versioned with the code, so that no machine fetches what another has deleted.

    Raises:
        UserError: a line cannot be read; without it a crawl might fetch a forgotten image.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.of: dict[str, set[str]] = {"url": set(), "host": set(), "sha256": set()}
        self.lines: list[dict[str, Any]] = []
        stated = [0]  # how many tombstones the file should hold; git may merge two such lines
        for line in lines_of(file):
            values = self._read(line)
            if "about" in values:
                stated.append(values.get("tombstones", 0))
            else:
                self.lines.append(values)
                self.of[values["kind"]].add(values["value"])
        self._check_number(max(stated))

    def forbid(self, url: str) -> bool:
        """Whether a URL (by http or https, with its signature or without) or its host has a tombstone."""
        urls, hosts = self.of["url"], self.of["host"]
        addresses = {each.partition(":")[2] for each in (url, _canonical(url))} if urls else ()
        spellings = (f"{scheme}:{address}" for scheme in SCHEMES for address in addresses)
        return (
            bool(urls) and any(digest_of(each) in urls or digest_as_spelt(each) in urls for each in spellings)
        ) or (bool(hosts) and _is_of_hosts(url, hosts))

    def forbid_image(self, image: Kept) -> bool:
        """Whether an image has a tombstone: by its bytes, its URL, or a URL of its redirects."""
        if not any(self.of.values()):
            return False
        ways = (image.url, image.final_url, *image.redirects.split())
        return self.forbid_bytes(image.sha256) or any(self.forbid(url) for url in ways if url)

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
            about = {"about": ABOUT, "tombstones": self._number()}
            lines = [json.dumps(about).encode() + b"\n", *map(line_of, self.lines)]
            write_bytes(self.file, b"".join(lines))
        return len(new)

    def _number(self) -> int:
        return sum(map(len, self.of.values()))

    def _check_number(self, stated: int) -> None:
        if self.file.exists() and not self.file.stat().st_size:
            raise UserError(f"{self.file} is empty: restore it (git checkout {self.file}), or delete it")
        if (number := self._number()) < stated:
            raise UserError(
                f"{self.file} holds {number} of {stated} tombstones: restore it (git checkout {self.file}); "
                f"if you took lines out yourself, write {number} into its first line"
            )

    def _read(self, line: Line) -> dict[str, Any]:
        try:
            values: dict[str, Any] = LINE.validate_python(line.values).model_dump(exclude_unset=True)
            return values
        except ValidationError:
            text = "".join(filter(str.isprintable, line.data[:80].decode(errors="replace")))
            where = f"{self.file}, line {line.number}"
            raise UserError(f"{where}, is not a tombstone ({text}): correct the line, or remove it") from None


def _canonical(url: str) -> str:
    try:
        return canonical_url(url)
    except ValueError:
        return url


def _is_of_hosts(url: str, hosts: set[str]) -> bool:
    """Whether a URL's host is one of `hosts` or below one: `a.example.org` is below `example.org`."""
    parts = host_in(url).split(".")
    return any(".".join(parts[at:]) in hosts for at in range(len(parts)))
