"""The store: all images ever fetched, under their SHA-256, with a log of where each came from."""

import errno
import hashlib
import logging
import os
import re
import shutil
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock, get_ident
from typing import Self

from crawler.lines import line_of
from crawler.store.recorded import IMAGES, LOG, TABLE, check_file, read_recorded, write_table
from crawler.store.stored import Fetched, StoredImage, extension_of
from crawler.store.tombstones import Tombstones
from fashion_pggan.storage.files import append, atomic_write, sha256_of, write_text
from fashion_pggan.storage.hashes import hash_memory
from fashion_pggan.storage.record_folder import Recorded, RecordFolder

GONE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EIO}  # a file cannot be had: also for a bad disk

ALL = set(StoredImage.model_fields)
IMAGE = re.compile(r"[0-9a-f]{64}(?:\.[a-z]+)?")
FOLDERS = f"{IMAGES}/[0-9a-f][0-9a-f]"
LEFT_OVER = re.compile(r"\.(?:fetched\.(?:jsonl|parquet)|[0-9a-f]{64}(?:\.[a-z]+)?)\.\w+")  # half-written

log = logging.getLogger(__name__)


class Store:
    """Images on disk and, by canonical URL, the facts of each. `keep` may be called from any thread.

    Args:
        folder: holds the images, the log and the table.
        tombstones: images whose bytes have one are not stored.

    Raises:
        UserError: a record names a file outside the store, or a later version wrote it; nothing was changed.

    An image is found while its bytes have their SHA-256: they are read at the first use, then remembered
    while the file does not change. A record that is damaged is left out, so that its image is fetched again.

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
        self.whole: set[str] = set()  # files that this run has verified or written
        self.broken: dict[str, str] = {}  # files that were damaged or missing when this run looked
        self.lost_records, self.opened_ns = 0, time.time_ns()
        folder.mkdir(parents=True, exist_ok=True)
        self.images = self._read()
        write_text(self.session_file, _boot())
        with ExitStack() as opened:
            self.memory = opened.enter_context(hash_memory())
            self.handle = os.open(self.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            self.opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        with self.opened:
            os.close(self.handle)
            self.compact()

    def find(self, url: str) -> StoredImage | None:
        """The stored image of a canonical URL; None when it is not stored, or its file is damaged."""
        image = self.images.get(url)
        return image if image and self._is_whole(image) else None

    def remember(self, images: Iterable[StoredImage]) -> None:
        """Remember what this run has verified, now that links to the files have come and gone.

        What this run has fetched is read once more by a later one, for the disk may not have it yet.
        """
        for image in images:
            path = self.files.path_of(image)
            with suppress(FileNotFoundError):
                if image.file in self.whole and path.stat().st_mtime_ns < self.opened_ns:
                    self.memory.remember(path, image.sha256)

    @property
    def troubles(self) -> dict[str, int]:
        """What this run found broken: files damaged, files missing, records damaged."""
        counted = Counter(self.broken.values())
        if self.lost_records:
            counted["records damaged"] = self.lost_records
        return dict(counted)

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
        if not self._is_whole(image):
            self._write(path, fetched.body)
            self.whole.add(file)
        with self.lock:
            append(self.handle, line_of(image.model_dump()))
            self.images[image.url] = image
        return image

    def adopt(self, image: StoredImage, source: Path) -> str:
        """Take an image from another store, by a hard link where possible; nothing of it is trusted.

        Returns:
            What became of it: `images new`, `there before`, `forgotten`, `without file`, or `damaged` where
            the bytes are not those of the record.

        Raises:
            UserError: the record names a file outside the stores.
        """
        check_file(self.files, image)
        if self.tombstones.forbid_image(image):
            return "forgotten"
        if self.find(image.url) is not None:
            return "there before"
        if not self._is_whole(image):
            path = RecordFolder(source, IMAGES).path_of(image)
            if path.is_symlink() or not path.is_file():  # a pipe would be read without end
                return "without file"
            if path.stat().st_size != image.size or not self.memory.matches(path, image.sha256):
                return "damaged"
            self._link(path, self.files.path_of(image))
            self.whole.add(image.file)
        append(self.handle, line_of(image.model_dump()))
        self.images[image.url] = image
        return "images new"

    def remove(self, unwanted: Callable[[StoredImage], bool]) -> list[StoredImage]:
        """Delete images and their records, and return them; a file stays while another record names it."""
        gone = [image for image in self.images.values() if unwanted(image)]
        left = {url: image for url, image in self.images.items() if not unwanted(image)}
        # files first: after a kill the records allow another try
        for path in self._paths_of(gone) - self._paths_of(left.values()):
            path.unlink(missing_ok=True)
        if gone:
            write_table(self.folder, left.values())
            os.ftruncate(self.handle, 0)
        self.images = left
        return gone

    def remove_nameless(self) -> int:
        """Delete images that no record names, for nobody can say whose they are; returns how many."""
        named = {image.file for image in self.images.values()}
        nameless = [path for path in self.folder.glob(f"{FOLDERS}/*") if self._place_of(path) not in named]
        removed = [
            path for path in nameless if IMAGE.fullmatch(path.name) and self.files.holds(self._place_of(path))
        ]
        for path in removed:
            path.unlink()
        return len(removed)

    def compact(self) -> None:
        """Move the log into the table; a crash in between leaves both, with the same content."""
        if self.log_file.stat().st_size or self.lost_records or not self.table_file.exists():
            os.sync()  # images must be on disk before the table
            write_table(self.folder, self.images.values())
            self.log_file.write_bytes(b"")
        self.session_file.unlink(missing_ok=True)

    def _place_of(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

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

    def _link(self, source: Path, path: Path) -> None:
        """Put a file of another store in its place here; what is damaged there is replaced."""
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{get_ident()}")
        temporary.unlink(missing_ok=True)
        _link_or_copy(source, temporary)
        temporary.replace(path)
        temporary.unlink(missing_ok=True)  # where both were one file before

    def _is_whole(self, image: StoredImage) -> bool:
        """Whether a file holds the bytes of its record; they are read once, see `HashMemory`.

        Raises:
            OSError: it may not be read.
        """
        path = self.files.path_of(image)
        try:
            status = path.stat()
            good = stat.S_ISREG(status.st_mode) and status.st_size == image.size  # a pipe would never end
            good = good and (image.file in self.whole or self.memory.matches(path, image.sha256))
        except OSError as error:
            if error.errno not in GONE:
                raise
            good = False
        if good:
            self.whole.add(image.file)
        elif image.url in self.images:
            self.broken.setdefault(image.file, "files damaged" if path.exists() else "files missing")
        return good

    def _read(self) -> dict[str, StoredImage]:
        """Read table and log; rewrite a log that holds torn lines."""
        found = read_recorded(self.folder)  # raises before anything is removed
        recent, torn, self.lost_records = found.recent, found.is_torn, found.lost
        for left_over in [*self.folder.glob(".*"), *self.folder.glob(f"{FOLDERS}/.*")]:
            if LEFT_OVER.fullmatch(left_over.name) and self.files.holds(self._place_of(left_over)):
                left_over.unlink(missing_ok=True)  # half-written by a killed crawl
        if self.session_file.exists() and self.session_file.read_bytes() != _boot().encode():
            whole = [image for image in recent if self._is_as_received(image)]
            torn, recent = torn or len(whole) < len(recent), whole
        if not torn:
            return found.images
        with atomic_write(self.log_file) as file:
            file.writelines(line_of(image.model_dump()) for image in recent)
        again = read_recorded(self.folder)
        return again.images

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
        UserError: a record names a file outside the store, or a later version wrote it.
    """
    return read_recorded(folder).images


def link_files(source: Path, target: Path, records: Iterable[Recorded]) -> None:
    """Bring the files of records to the same paths below another folder, as hard links or copies."""
    old, new = RecordFolder(source, IMAGES), RecordFolder(target, IMAGES)
    paths = [(old.path_of(record), new.path_of(record)) for record in records]
    for folder in {there.parent for _, there in paths}:
        folder.mkdir(parents=True, exist_ok=True)
    for here, there in paths:
        _link_or_copy(here, there)


def _link_or_copy(here: Path, there: Path) -> None:
    try:
        os.link(here, there)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or no hard links
        shutil.copyfile(here, there)


def _boot() -> str:
    """An identifier of the machine's current boot; constant on systems without one."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return "unknown"
