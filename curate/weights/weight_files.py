"""The person detector's files: which they are, where they lie, and whether they are whole."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.plain_file import read_bytes

VERSION = "0.10.21"  # of mediapipe; later wheels carry no networks
SOURCE = f"mediapipe {VERSION}"
LICENCE = "Apache License 2.0, Copyright The MediaPipe Authors"
AGAIN = "fashion-pggan models fetch"
MOST = 16 << 20  # bytes of a file


@dataclass(frozen=True)
class File:
    """A file inside the wheel, and in the cache by its own name."""

    member: str
    sha256: str

    @property
    def path(self) -> Path:
        """Its place in the cache."""
        return cache_folder() / self.member.rpartition("/")[2]


PERSON = File(
    "mediapipe/modules/pose_detection/pose_detection.tflite",
    "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
)
HAND = File(
    "mediapipe/modules/palm_detection/palm_detection_full.tflite",
    "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
)
FILES = (PERSON, HAND)


def cache_folder() -> Path:
    """`fashion-pggan/mediapipe-…` in XDG_CACHE_HOME, or in ~/.cache where that is not an absolute path."""
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    cache = given if given.is_absolute() else Path.home() / ".cache"
    return cache / "fashion-pggan" / SOURCE.replace(" ", "-")


def are_there() -> bool:
    """Whether all files are in the cache, whole or not."""
    return all(file.path.is_file() for file in FILES)


def content_of(file: File) -> bytes:
    """The bytes of a file in the cache.

    Raises:
        UserError: it is missing, or not what was fetched.
    """
    try:
        data = read_bytes(file.path, MOST)
    except OSError:
        raise UserError(f"no {file.path}: run {AGAIN}") from None
    if not is_whole(file, data):
        raise UserError(f"{file.path} is not what {SOURCE} holds, by its SHA-256: run {AGAIN}")
    return data


def is_whole(file: File, data: bytes) -> bool:
    """Whether these are the bytes of the file."""
    return hashlib.sha256(data).hexdigest() == file.sha256
