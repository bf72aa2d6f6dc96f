"""Where an image's bytes are in a shard, and reading them there without unpacking it.

A single file, as former versions wrote it for each image, counts as a shard with one image, at byte 0.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from fashion_pggan.storage.bounded.plain_file import open_plain
from fashion_pggan.storage.hashes import HashMemory

PART = 1 << 20  # bytes in memory at once while hashing


class Member(NamedTuple):
    """An image in a shard."""

    offset: int  # bytes, of its first byte
    size: int  # bytes
    sha256: str


@dataclass(frozen=True)
class InShard:
    """The bytes of an image in a shard, which may be on shared storage; read as those of a path."""

    shard: Path
    offset: int  # bytes
    size: int  # bytes

    def __str__(self) -> str:
        return f"{self.shard} at byte {self.offset}" if self.offset else str(self.shard)

    def read_bytes(self) -> bytes:
        """The bytes; fewer where the shard ends, so that their SHA-256 is another one.

        Raises:
            OSError: the shard is missing or cannot be read.
        """
        if isinstance(self.shard, PurePath):
            with open_plain(self.shard) as file:
                file.seek(self.offset)
                return file.read(min(self.size, max(os.fstat(file.fileno()).st_size - self.offset, 0)))
        shared: Any = self.shard  # of universal-pathlib
        data: bytes = shared.fs.cat_file(shared.path, start=self.offset, end=self.offset + self.size)
        return data


def place_of(path: Path, offset: int, size: int) -> Path | InShard:
    """Where a record's image is; offset 0: it has the file for itself."""
    return InShard(path, offset, size) if offset else path


def damaged_in(shard: Path, members: Iterable[Member], memory: HashMemory) -> list[Member]:
    """The images whose bytes do not have their SHA-256; a shard that did not change is read once.

    Raises:
        OSError: the shard is missing or cannot be read.
    """
    expected = sorted(members)

    def hash_of(path: Path) -> str:
        return _hash_of_all(list(members_found(path, expected)))

    if memory.matches(shard, _hash_of_all(expected), hash_of, of="members"):
        return []
    found = members_found(shard, expected)
    return [one for one, there in zip(expected, found, strict=True) if one != there]


def members_found(shard: Path, members: Iterable[Member]) -> Iterator[Member]:
    """The members with the SHA-256 that their bytes have now."""
    with open_plain(shard) as file:
        for offset, size, _ in members:
            digest, left = hashlib.sha256(), size
            file.seek(offset)
            while left and (part := file.read(min(left, PART))):
                digest.update(part)
                left -= len(part)
            yield Member(offset, size, digest.hexdigest() if not left else "")


def copy_part(image: InShard, target: Path) -> None:
    """Copy the bytes of an image into a file, few at a time."""
    with open_plain(image.shard) as file, target.open("xb") as new:
        file.seek(image.offset)
        left = image.size
        while left and (part := file.read(min(left, PART))):
            new.write(part)
            left -= len(part)


def _hash_of_all(members: Sequence[Member]) -> str:
    lines = (f"{offset} {size} {sha256}\n" for offset, size, sha256 in members)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
