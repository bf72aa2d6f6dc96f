"""The image files of a store: written whole, verified once, and linked to where others need them."""

import errno
import re
import stat
import time
from collections import Counter
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from threading import get_ident

from crawler.store.recorded import IMAGES
from crawler.store.stored import StoredImage, extension_of
from fashion_pggan.storage.files import link_or_copy, sha256_of
from fashion_pggan.storage.hashes import HashMemory
from fashion_pggan.storage.record_folder import RecordFolder

GONE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EIO}  # no file can be read; EIO: a bad disk

IMAGE = re.compile(r"[0-9a-f]{64}(?:\.[a-z]+)?")
FOLDERS = f"{IMAGES}/[0-9a-f][0-9a-f]"
LEFT_OVER = re.compile(  # half-written
    r"\.(?:fetched\.(?:jsonl|parquet)|plan-\w+\.jsonl|calls\.json|\.files\.json|[0-9a-f]{64}(?:\.[a-z]+)?)\.\w+"
)


class ImageFiles:
    """The files of a store's images. An image is whole while its file's bytes have its SHA-256.

    A file's bytes are read at the first use; the result holds until the file changes.

    Args:
        folder: the store.
        memory: remembers between runs which files were verified.
    """

    def __init__(self, folder: Path, memory: HashMemory) -> None:
        self.folder, self.memory = folder, memory
        self.records = RecordFolder(folder, IMAGES)
        self.folders: set[Path] = set()  # known to exist
        self.whole: set[str] = set()  # files that this run has verified or written
        self.broken: dict[str, str] = {}  # files that were damaged or missing when this run looked
        self.opened_ns = time.time_ns()

    @property
    def troubles(self) -> Counter[str]:
        """How many files this run found damaged, and how many missing."""
        return Counter(self.broken.values())

    def path_of(self, image: StoredImage) -> Path:
        """The file of an image; it may be missing.

        Raises:
            UserError: the record names a file outside the store.
        """
        return self.records.path_of(image)

    def is_whole(self, image: StoredImage, *, expected: bool) -> bool:
        """Whether the image's file holds its bytes.

        Args:
            image: to look for.
            expected: count a damaged or missing file as broken.

        Raises:
            OSError: the file exists but may not be read.
        """
        path = self.path_of(image)
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
        elif expected:
            self.broken.setdefault(image.file, "files damaged" if path.exists() else "files missing")
        return good

    def write(self, image: StoredImage, data: bytes) -> None:
        """Write a file atomically but do not sync it: syncing takes longer than the download."""
        path = self.path_of(image)
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
        self.whole.add(image.file)

    def take(self, image: StoredImage, source: Path) -> str:
        """Link or copy the image's file from another store, over a damaged one.

        Returns:
            Why it was not taken: `without file` or `damaged`; empty when it was.
        """
        theirs, ours = RecordFolder(source, IMAGES).path_of(image), self.path_of(image)
        if theirs.is_symlink() or not theirs.is_file():  # reading a pipe would never end
            return "without file"
        if theirs.stat().st_size != image.size or not self.memory.matches(theirs, image.sha256):
            return "damaged"
        ours.parent.mkdir(parents=True, exist_ok=True)
        temporary = ours.with_name(f".{ours.name}.{get_ident()}")
        temporary.unlink(missing_ok=True)
        link_or_copy(theirs, temporary)
        temporary.replace(ours)
        temporary.unlink(missing_ok=True)  # still there when both were links to one file
        self.whole.add(image.file)
        return ""

    def remember(self, images: Iterable[StoredImage]) -> None:
        """Remember what this run has verified, once the links to the files are made.

        Files written by this run are left out: the disk may not hold them yet, so the next run reads them.
        """
        for image in images:
            path = self.path_of(image)
            with suppress(FileNotFoundError):
                if image.file in self.whole and path.stat().st_mtime_ns < self.opened_ns:
                    self.memory.remember(path, image.sha256)

    def survived(self, image: StoredImage) -> bool:
        """Whether the file survived a crash of the machine; a damaged one is deleted and fetched again."""
        path = self.path_of(image)
        if path.is_file() and sha256_of(path) == image.sha256:
            return True
        path.unlink(missing_ok=True)
        return False

    def remove_nameless(self, named: Collection[str]) -> int:
        """Delete the images that are not among `named`; returns how many."""
        nameless = [
            path
            for path in self.folder.glob(f"{FOLDERS}/*")
            if IMAGE.fullmatch(path.name) and self._place_of(path) not in named and self._holds(path)
        ]
        for path in nameless:
            path.unlink()
        return len(nameless)

    def remove_left_over(self) -> None:
        """Delete the half-written files of a killed crawl."""
        for path in [*self.folder.glob(".*"), *self.folder.glob(f"{FOLDERS}/.*")]:
            if LEFT_OVER.fullmatch(path.name) and self._holds(path):
                path.unlink(missing_ok=True)

    def _holds(self, path: Path) -> bool:
        return self.records.holds(self._place_of(path))

    def _place_of(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()


def file_of(sha256: str, body: bytes) -> str:
    """The path of an image below its store."""
    return f"{IMAGES}/{sha256[:2]}/{sha256}{extension_of(body)}"
