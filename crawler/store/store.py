"""The store: all images ever fetched, under their SHA-256, with a log of where each came from."""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import chain
from pathlib import Path
from threading import Lock, get_ident
from typing import Self

from crawler.store.stored import Fetched, StoredImage, extension_of
from crawler.store.tombstones import Tombstones
from fashion_pggan.storage.files import append, atomic_write, sha256_of, write_text
from fashion_pggan.storage.record_folder import Recorded, RecordFolder
from fashion_pggan.storage.records import iterate_records, write_records

TABLE, LOG = "fetched.parquet", "fetched.jsonl"
IMAGES = "images"  # the folder of the files, below a store and below a target

ALL = set(StoredImage.model_fields)

log = logging.getLogger(__name__)


class Store:
    """Images on disk and, by canonical URL, the facts of each. `keep` may be called from any thread.

    Args:
        folder: holds the images, the log and the table.
        tombstones: images whose bytes have one are not stored.

    Raises:
        UserError: a record names a file outside the store; nothing was changed.

    An image is written before its line in the log, so that after a kill every line names a whole file. After
    a crash of the machine, opening checks the images of the log against their hashes. Closing a store moves
    the log into a table, fetched.parquet.
    """

    def __init__(self, folder: Path, tombstones: Tombstones) -> None:
        self.folder, self.tombstones = folder, tombstones
        self.log_file, self.table_file = folder / LOG, folder / TABLE
        self.session_file = folder / ".session"
        self.files = RecordFolder(folder, IMAGES)
        self.lock = Lock()
        self.folders: set[Path] = set()  # known to exist
        folder.mkdir(parents=True, exist_ok=True)
        self.images = self._read()
        write_text(self.session_file, _boot())
        self.handle = os.open(self.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        os.close(self.handle)
        self.compact()

    def find(self, url: str) -> StoredImage | None:
        """The stored image of a canonical URL; None when it is not stored, or its file is damaged."""
        image = self.images.get(url)
        return image if image and _is_whole(self.files.path_of(image), image.size) else None

    def keep(self, fetched: Fetched) -> StoredImage | None:
        """Write an image unmodified, then its line; None, and nothing written, when it has a tombstone.

        Raises:
            OSError: the disk is full or refuses; stored images are unharmed.
        """
        sha256 = hashlib.sha256(fetched.body).hexdigest()
        if self.tombstones.forbid_bytes(sha256):
            return None
        file = f"{IMAGES}/{sha256[:2]}/{sha256}{extension_of(fetched.body)}"
        image = StoredImage.model_construct(
            ALL,  # one set shared by all images, for ten thousands of sets take more memory than the facts
            url=fetched.url,
            sha256=sha256,
            file=file,
            size=len(fetched.body),
            content_type=fetched.content_type,
            crawled_at=fetched.crawled_at,
            **fetched.facts,
        )
        path = self.files.path_of(image)
        if not _is_whole(path, image.size):
            self._write(path, fetched.body)
        with self.lock:
            append(self.handle, _line_of(image))
            self.images[image.url] = image
        return image

    def adopt(self, image: StoredImage, source: Path) -> bool:
        """Take an image from another store, by a hard link where possible; False when it is here already.

        Raises:
            FileNotFoundError: the other store has lost its file.
            UserError: the record names a file outside the stores.
        """
        if self.find(image.url) is not None or self.tombstones.forbid_bytes(image.sha256):
            return False
        path = self.files.path_of(image)
        if not _is_whole(path, image.size):
            path.unlink(missing_ok=True)
            link_files(source, self.folder, [image])
        append(self.handle, _line_of(image))
        self.images[image.url] = image
        return True

    def remove(self, unwanted: Callable[[StoredImage], bool]) -> list[StoredImage]:
        """Delete images and their records, and return them; a file stays while another record names it."""
        gone = [image for image in self.images.values() if unwanted(image)]
        left = {url: image for url, image in self.images.items() if not unwanted(image)}
        # files first: after a kill the records allow another try
        for path in self._paths_of(gone) - self._paths_of(left.values()):
            path.unlink(missing_ok=True)
        if gone:
            write_records(self.table_file, left.values(), StoredImage)
            os.ftruncate(self.handle, 0)
        self.images = left
        return gone

    def compact(self) -> None:
        """Move the log into the table; a crash in between leaves both, with the same content."""
        if self.log_file.stat().st_size or not self.table_file.exists():
            os.sync()  # images must be on disk before the table
            write_records(self.table_file, self.images.values(), StoredImage)
            self.log_file.write_bytes(b"")
        self.session_file.unlink(missing_ok=True)

    def _paths_of(self, images: Iterable[StoredImage]) -> set[Path]:
        return {self.files.path_of(image) for image in images}

    def _write(self, path: Path, data: bytes) -> None:
        """Write atomically, without syncing: that takes longer than the download."""
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

    def _read(self) -> dict[str, StoredImage]:
        """Read table and log; rewrite a log that holds torn lines."""
        recent, torn = _read_log(self.log_file)
        images = _joined(self.folder, recent)  # raises before anything is removed
        for left_over in [*self.folder.glob(".fetched.*.*"), *self.folder.glob(f"{IMAGES}/*/.*")]:
            if self.files.holds(left_over.relative_to(self.folder).as_posix()):
                left_over.unlink(missing_ok=True)  # half-written by a killed crawl
        if self.session_file.exists() and self.session_file.read_text() != _boot():
            whole = [image for image in recent if self._is_as_received(image)]
            torn, recent = torn or len(whole) < len(recent), whole
        if torn:
            with atomic_write(self.log_file) as file:
                file.writelines(_line_of(image) for image in recent)
            return _joined(self.folder, recent)
        return images

    def _is_as_received(self, image: StoredImage) -> bool:
        """Whether a file survived a crash of the machine; a damaged one is deleted, to be fetched again."""
        path = self.files.path_of(image)
        if path.is_file() and sha256_of(path) == image.sha256:
            return True
        path.unlink(missing_ok=True)
        return False


def images_of(folder: Path) -> dict[str, StoredImage]:
    """The images of a store, by canonical URL; changes nothing.

    Raises:
        UserError: a record names a file outside the store.
    """
    return _joined(folder, _read_log(folder / LOG)[0])


def _joined(folder: Path, recent: Iterable[StoredImage]) -> dict[str, StoredImage]:
    """The images of table and log, each checked to be inside the store."""
    table, files = folder / TABLE, RecordFolder(folder, IMAGES)
    rows = iterate_records(table, StoredImage) if table.exists() else iter(())
    images: dict[str, StoredImage] = {}
    for image in chain(rows, recent):
        files.check(image)
        images[image.url] = image
    return images


def _read_log(file: Path) -> tuple[list[StoredImage], bool]:
    """The images of a log's whole lines, and whether it holds torn ones."""
    images: list[StoredImage] = []
    lines = file.read_bytes().split(b"\n") if file.exists() else [b""]
    for line in filter(None, lines):
        try:
            images.append(StoredImage(**json.loads(line)))
        except (ValueError, TypeError):
            log.warning("%s: leaving out a torn line; its image will be fetched again", file)
    return images, bool(lines[-1]) or len(images) < len(lines) - 1


def link_files(source: Path, target: Path, records: Iterable[Recorded]) -> None:
    """Bring the files of records to the same paths below another folder, as hard links or copies."""
    old, new = RecordFolder(source, IMAGES), RecordFolder(target, IMAGES)
    paths = [(old.path_of(record), new.path_of(record)) for record in records]
    for folder in {there.parent for _, there in paths}:
        folder.mkdir(parents=True, exist_ok=True)
    for here, there in paths:
        try:
            os.link(here, there)
        except FileNotFoundError:
            raise
        except OSError:  # another disk, or no hard links
            shutil.copyfile(here, there)


def _line_of(image: StoredImage) -> bytes:
    return json.dumps(image.model_dump()).encode() + b"\n"


def _is_whole(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except (FileNotFoundError, NotADirectoryError):
        return False


def _boot() -> str:
    """An identifier of the machine's current boot; constant on systems without one."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return "unknown"
