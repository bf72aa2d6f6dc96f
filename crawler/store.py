"""The crawl's memory on disk: pictures under their SHA-256, and a log of where each came from."""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Self

from pydantic import BaseModel, ConfigDict

from fashion_pggan.files import atomic_write, write_bytes

SIGNATURES = (  # offset, bytes there, extension
    (0, b"\xff\xd8\xff", ".jpg"),
    (0, b"\x89PNG\r\n\x1a\n", ".png"),
    (0, b"GIF87a", ".gif"),
    (0, b"GIF89a", ".gif"),
    (8, b"WEBP", ".webp"),
    (4, b"ftypavif", ".avif"),
    (4, b"ftypavis", ".avif"),
    (4, b"ftypheic", ".heic"),
    (4, b"ftypmif1", ".heic"),
    (0, b"BM", ".bmp"),
    (0, b"II*\x00", ".tif"),
    (0, b"MM\x00*", ".tif"),
)

log = logging.getLogger(__name__)


class StoredPicture(BaseModel):
    """What is known of a picture that was fetched: a line of the log."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)  # a later version may know more

    url: str  # canonical
    sha256: str  # of the bytes as received
    file: str  # path below the store
    size: int  # bytes
    content_type: str  # as the server said; may be empty or wrong
    crawled_at: str  # UTC, ISO 8601


class Fetched(NamedTuple):
    """A picture as it came from the network."""

    url: str  # canonical
    body: bytes
    content_type: str
    crawled_at: str  # UTC, ISO 8601


class Store:
    """Pictures on disk and, by canonical URL, what is known of each. `keep` may be called from any thread.

    A picture is written before its line, so that a line speaks of a whole file however the crawl ends.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log_file = folder / "fetched.jsonl"
        self.lock = Lock()
        self.pictures = self._read()
        self.handle = os.open(self.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        os.close(self.handle)

    def find(self, url: str) -> StoredPicture | None:
        """What is known of the picture at a canonical URL; None when it is not stored, or no longer whole."""
        picture = self.pictures.get(url)
        return picture if picture and _is_whole(self.folder / picture.file, picture.size) else None

    def keep(self, fetched: Fetched) -> StoredPicture:
        """Write a picture, unmodified, and its line.

        Raises:
            OSError: the disk is full or refuses; what was stored before is unharmed.
        """
        sha256 = hashlib.sha256(fetched.body).hexdigest()
        file = f"pictures/{sha256[:2]}/{sha256}{extension_of(fetched.body)}"
        picture = StoredPicture(
            url=fetched.url,
            sha256=sha256,
            file=file,
            size=len(fetched.body),
            content_type=fetched.content_type,
            crawled_at=fetched.crawled_at,
        )
        if not _is_whole(self.folder / file, picture.size):
            write_bytes(self.folder / file, fetched.body)
        with self.lock:
            self._append(_line_of(picture))
            self.pictures[picture.url] = picture
        return picture

    def _append(self, line: bytes) -> None:
        before = os.fstat(self.handle).st_size
        try:
            written = os.write(self.handle, line)
            if written < len(line):  # a disk that fills up writes a part first
                os.write(self.handle, line[written:])
        except OSError:
            os.ftruncate(self.handle, before)
            raise

    def _read(self) -> dict[str, StoredPicture]:
        """Read the log; rewrite it when it holds lines that were torn or have been superseded."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for left_over in [*self.folder.glob(".fetched.jsonl.*"), *self.folder.glob("pictures/*/.*")]:
            left_over.unlink(missing_ok=True)  # what a killed crawl was writing
        if not self.log_file.exists():
            return {}
        lines = self.log_file.read_bytes().split(b"\n")
        pictures = {}
        for line in filter(None, lines):
            try:
                picture = StoredPicture(**json.loads(line))
            except (ValueError, TypeError):
                log.warning("%s: a torn line is left out; its picture is fetched again", self.log_file)
            else:
                pictures[picture.url] = picture
        if lines[-1] or len(pictures) < len(lines) - 1:
            with atomic_write(self.log_file) as file:
                file.writelines(_line_of(picture) for picture in pictures.values())
        return pictures


def extension_of(body: bytes) -> str:
    """The file extension that the first bytes speak for; empty when they are of no known picture format."""
    for offset, signature, extension in SIGNATURES:
        if body[offset : offset + len(signature)] == signature:
            return extension
    return ""


def link_files(source: Path, target: Path, files: Iterable[str]) -> None:
    """Bring `files`, paths below `source`, to the same paths below `target`: as hard links, or copies."""
    for file in files:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source / file, target / file)
        except FileNotFoundError:
            raise
        except OSError:  # another disk, or one without links
            shutil.copyfile(source / file, target / file)


def _line_of(picture: StoredPicture) -> bytes:
    return json.dumps(picture.model_dump()).encode() + b"\n"


def _is_whole(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except (FileNotFoundError, NotADirectoryError):
        return False
