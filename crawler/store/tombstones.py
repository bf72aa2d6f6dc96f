"""What must never be fetched again: addresses and hosts by name, pictures by their bytes."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from crawler.network.addresses import digest_of
from crawler.plan.journal import lines_of
from fashion_pggan.files import write_text

Kind = Literal["url", "host", "sha256"]


class Tombstones:
    """The tombstones of a repository; an address is kept as its SHA-256 alone.

    Args:
        file: JSON Lines, versioned with the code, so that no machine fetches what another has forgotten.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines = [values for _, values in lines_of(file)]
        self.of: dict[str, set[str]] = {"url": set(), "host": set(), "sha256": set()}
        for line in self.lines:
            self.of[line["kind"]].add(line["value"])

    def forbid(self, url: str) -> bool:
        """Whether a canonical URL, or its host, has a tombstone."""
        return (bool(self.of["url"]) and digest_of(url) in self.of["url"]) or (
            bool(self.of["host"]) and _is_of_hosts(url, self.of["host"])
        )

    def forbid_bytes(self, sha256: str) -> bool:
        """Whether a picture of these bytes has a tombstone."""
        return sha256 in self.of["sha256"]

    def add(self, kind: Kind, values: Iterable[str]) -> int:
        """Set tombstones, on disk before this returns; returns how many are new.

        Args:
            kind: what the values are.
            values: of `url` the digests of canonical URLs.
        """
        new = sorted(set(values) - self.of[kind])
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.lines += [{"kind": kind, "value": value, "when": now} for value in new]
        self.of[kind].update(new)
        if new:
            write_text(self.file, "".join(json.dumps(line) + "\n" for line in self.lines))
        return len(new)


def _is_of_hosts(url: str, hosts: set[str]) -> bool:
    """Whether a URL is of one of the hosts or below it: `a.example.org` is of `example.org`."""
    parts = (urlsplit(url).hostname or "").split(".")
    return any(".".join(parts[at:]) in hosts for at in range(len(parts)))
