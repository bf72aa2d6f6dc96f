"""The crawl's memory on disk: pictures under their SHA-256, and a log of where each came from."""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock, get_ident
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from pydantic import ConfigDict

from crawler.tombstones import Tombstones
from fashion_pggan.files import atomic_write, sha256_of, write_text
from fashion_pggan.manifest import Record, iterate_records, write_records

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


class StoredPicture(Record):
    """What is known of a picture that was fetched: a line of the log, a row of its table."""

    model_config = ConfigDict(extra="ignore")  # a later version may know more

    url: str  # canonical
    sha256: str  # of the bytes as received
    file: str  # path below the store
    size: int  # bytes
    content_type: str  # as the server said; may be empty or wrong
    crawled_at: str  # UTC, ISO 8601
    final_url: str = ""  # where it was in the end
    redirects: str = ""  # the addresses on the way, with blanks between
    status: int = 200  # of HTTP
    etag: str = ""
    last_modified: str = ""
    robots_tag: str = ""  # X-Robots-Tag
    attempts: int = 1
    crawl_id: str = ""  # of the crawl that fetched it


class Fetched(NamedTuple):
    """A picture as it came from the network, with fields as in `StoredPicture`."""

    url: str  # canonical
    body: bytes
    content_type: str
    crawled_at: str  # UTC, ISO 8601
    facts: Mapping[str, Any] = MappingProxyType({})


class Store:
    """Pictures on disk and, by canonical URL, what is known of each. `keep` may be called from any thread.

    A picture is written before its line, so that a line speaks of a whole file when the crawl is killed. When
    the machine goes down, what the log has gained since the store was opened is checked against its hashes.
    Closing a store moves the log into a table, fetched.parquet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log_file, self.table_file = folder / "fetched.jsonl", folder / "fetched.parquet"
        self.session_file = folder / ".session"
        self.lock = Lock()
        self.folders: set[Path] = set()  # that exist
        folder.mkdir(parents=True, exist_ok=True)
        self.tombstones = Tombstones(folder)
        self.pictures = self._read()
        write_text(self.session_file, _boot())
        self.handle = os.open(self.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        os.close(self.handle)
        self.compact()

    def find(self, url: str) -> StoredPicture | None:
        """What is known of the picture at a canonical URL; None when it is not stored, or no longer whole."""
        picture = self.pictures.get(url)
        return picture if picture and _is_whole(self.folder / picture.file, picture.size) else None

    def keep(self, fetched: Fetched) -> StoredPicture | None:
        """Write a picture, unmodified, and its line; None, and nothing written, when it has a tombstone.

        Raises:
            OSError: the disk is full or refuses; what was stored before is unharmed.
        """
        sha256 = hashlib.sha256(fetched.body).hexdigest()
        if self.tombstones.forbid_bytes(sha256):
            return None
        file = f"pictures/{sha256[:2]}/{sha256}{extension_of(fetched.body)}"
        picture = StoredPicture(
            url=fetched.url,
            sha256=sha256,
            file=file,
            size=len(fetched.body),
            content_type=fetched.content_type,
            crawled_at=fetched.crawled_at,
            **fetched.facts,
        )
        if not _is_whole(self.folder / file, picture.size):
            self._write(self.folder / file, fetched.body)
        with self.lock:
            self._append(_line_of(picture))
            self.pictures[picture.url] = picture
        return picture

    def compact(self) -> None:
        """Move the log into the table; a crash in between leaves both, which say the same."""
        if self.log_file.stat().st_size or not self.table_file.exists():
            os.sync()  # pictures first
            write_records(self.table_file, self.pictures.values(), StoredPicture)
            self.log_file.write_bytes(b"")
        self.session_file.unlink(missing_ok=True)

    def _write(self, path: Path, data: bytes) -> None:
        """Write in one step; not forced to disk, which would take longer than the download."""
        if path.parent not in self.folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.folders.add(path.parent)
        temporary = path.with_name(f".{path.name}.{get_ident()}")
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

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
        """Read table and log; rewrite the log when it holds lines that were torn."""
        for left_over in [*self.folder.glob(".fetched.*.*"), *self.folder.glob("pictures/*/.*")]:
            left_over.unlink(missing_ok=True)  # what a killed crawl was writing
        pictures = {}
        if self.table_file.exists():
            pictures = {picture.url: picture for picture in iterate_records(self.table_file, StoredPicture)}
        recent, torn = self._read_log()
        if self.session_file.exists() and self.session_file.read_text() != _boot():
            whole = [picture for picture in recent if self._is_as_received(picture)]
            torn, recent = torn or len(whole) < len(recent), whole
        if torn:
            with atomic_write(self.log_file) as file:
                file.writelines(_line_of(picture) for picture in recent)
        return pictures | {picture.url: picture for picture in recent}

    def _read_log(self) -> tuple[list[StoredPicture], bool]:
        pictures: list[StoredPicture] = []
        if not self.log_file.exists():
            return pictures, False
        lines = self.log_file.read_bytes().split(b"\n")
        for line in filter(None, lines):
            try:
                pictures.append(StoredPicture(**json.loads(line)))
            except (ValueError, TypeError):
                log.warning("%s: a torn line is left out; its picture is fetched again", self.log_file)
        return pictures, bool(lines[-1]) or len(pictures) < len(lines) - 1

    def _is_as_received(self, picture: StoredPicture) -> bool:
        """Whether a file survived the machine's end; one that did not is removed, and fetched again."""
        path = self.folder / picture.file
        if path.is_file() and sha256_of(path) == picture.sha256:
            return True
        path.unlink(missing_ok=True)
        return False


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


def _boot() -> str:
    """What tells one run of the machine from the next; the same for ever where the system does not say."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return "unknown"
