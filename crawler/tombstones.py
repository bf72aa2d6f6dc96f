"""What must never be fetched again: addresses and hosts by name, pictures by their bytes."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from crawler.journal import lines_of
from fashion_pggan.files import write_text

FILE = "tombstones.jsonl"


class Tombstones:
    """The tombstones of a store; an address is kept as its SHA-256 alone."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE
        self.lines = [values for _, values in lines_of(self.file)]
        self.of = {
            kind: {line["value"] for line in self.lines if line["kind"] == kind}
            for kind in ("url", "host", "sha256")
        }

    def forbid(self, url: str) -> bool:
        """Whether a canonical URL, or its host, has a tombstone."""
        return (bool(self.of["url"]) and digest_of(url) in self.of["url"]) or (
            bool(self.of["host"]) and is_of_hosts(url, self.of["host"])
        )

    def forbid_bytes(self, sha256: str) -> bool:
        """Whether a picture of these bytes has a tombstone."""
        return sha256 in self.of["sha256"]

    def add(self, kind: str, values: set[str]) -> None:
        """Set tombstones, on disk before this returns; those that stand stay."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        new = sorted(values - self.of[kind])
        self.lines += [{"kind": kind, "value": value, "when": now} for value in new]
        self.of[kind] |= values
        write_text(self.file, "".join(json.dumps(line) + "\n" for line in self.lines))


def digest_of(url: str) -> str:
    """What stands for a canonical URL in a tombstone."""
    return hashlib.sha256(url.encode()).hexdigest()


def is_of_hosts(url: str, hosts: set[str]) -> bool:
    """Whether a URL is of one of the hosts or below it: `a.example.org` is of `example.org`."""
    host = urlsplit(url).hostname or ""
    parts = host.split(".")
    return any(".".join(parts[at:]) in hosts for at in range(len(parts)))
