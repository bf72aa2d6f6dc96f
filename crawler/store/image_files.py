"""The image files of a store: written whole, verified once, and linked to where others need them."""

import errno
import hashlib
import re
import stat
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from threading import get_ident

from crawler.store.recorded import IMAGES
from crawler.store.stored import StoredImage, extension_of
from fashion_pggan.errors import UserError
from fashion_pggan.storage.files import file_fault, half_written, link_or_copy, sha256_of
from fashion_pggan.storage.hashes import HashMemory
from fashion_pggan.storage.packed.in_shard import InShard, Member, copy_part, damaged_in
from fashion_pggan.storage.packed.tar_shards import (
    FOLDER,
    NAME,
    NEW,
    Named,
    Packed,
    sha256_in,
    write_shards,
)
from fashion_pggan.storage.record_folder import RecordFolder

GONE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EIO}  # no file can be read; EIO: a bad disk

UNKNOWN_TYPE = ".bin"  # of an image in a shard: WebDataset leaves out what has none
IMAGE = re.compile(r"[0-9a-f]{64}(?:\.[a-z]+)?")
FOLDERS = f"{IMAGES}/[0-9a-f][0-9a-f]"
LEFT_OVER = re.compile(  # half-written
    r"\.(?:fetched\.(?:jsonl|parquet)|plan-\w+\.jsonl|calls\.json|\.files\.json|\.going\.json|[0-9a-f]{64}(?:\.[a-z]+)?)\.\w+"
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
        self.records = RecordFolder(folder, IMAGES, FOLDER)
        self.folders: set[Path] = set()  # known to exist
        self.whole: set[str] = set()  # single files that this run has verified or written
        self.broken: dict[str, str] = {}  # by SHA-256: what was damaged or missing when this run looked
        self.packed: dict[str, StoredImage] = {}  # by SHA-256: a record of each image that is in a shard
        self.inside: dict[str, list[StoredImage]] = defaultdict(list)  # the same by shard
        self.harmed: dict[str, set[str]] = {}  # by shard: SHA-256 of its damaged images, once it was read

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
        good = self._is_good(image)
        if good and not image.offset:
            self.whole.add(image.file)
        elif not good and expected:
            there = self.path_of(image).exists()
            self.broken.setdefault(image.sha256, "files damaged" if there else "files missing")
        return good

    def image_at(self, image: StoredImage) -> InShard:
        """Where to read an image; raises what `path_of` raises."""
        return InShard(self.path_of(image), image.offset, image.size)

    def know(self, images: Iterable[StoredImage]) -> None:
        """Take in which images the shards hold."""
        self.packed = {image.sha256: image for image in images if image.offset}
        self.inside = defaultdict(list)
        for image in self.packed.values():
            self.inside[image.file].append(image)

    def pack(self, images: Iterable[StoredImage], most: int) -> dict[str, Packed]:
        """Pack the intact ones of some images, with distinct SHA-256, into new shards; their files stay.

        Args:
            images: in the order of the shards.
            most: bytes of a shard.

        Returns:
            The place of each image, by its SHA-256.
        """
        places = write_shards(self.folder, filter(None, map(self.named, images)), most)
        self.harmed |= {place.file: set() for place in places.values()}
        return places

    def named(self, image: StoredImage) -> Named | None:
        """An image to pack; None when its bytes do not have its SHA-256."""
        return named_at(self.image_at(image), image.sha256)

    def begin_of(self, image: StoredImage, count: int) -> bytes:
        """The first bytes of an image.

        Raises:
            OSError: its file is missing or cannot be read.
        """
        with self.path_of(image).open("rb") as file:
            file.seek(image.offset)
            return file.read(min(count, image.size))

    def _is_good(self, image: StoredImage) -> bool:
        path = self.path_of(image)
        try:
            if image.offset:
                return image.sha256 not in self._harmed_in(image.file, path)
            status = path.stat()
            good = stat.S_ISREG(status.st_mode) and status.st_size == image.size  # a pipe would never end
            return good and (image.file in self.whole or self.memory.matches(path, image.sha256))
        except OSError as error:
            if error.errno not in GONE:
                raise
            return False

    def _harmed_in(self, name: str, shard: Path) -> set[str]:
        """The damaged images of a shard: it is looked at once in a run."""
        if name not in self.harmed:
            members = {Member(one.offset, one.size, one.sha256) for one in self.inside[name]}
            self.harmed[name] = {one.sha256 for one in members}  # unless it can be read
            with suppress(FileNotFoundError):
                self.harmed[name] = {one.sha256 for one in damaged_in(shard, members, self.memory)}
        return self.harmed[name]

    def is_damaged(self, name: str) -> bool:
        """Whether a shard that was looked at has any byte that was not written, be it in no image."""
        shard = self.folder / name
        return bool(self.harmed[name]) or not self.memory.matches(shard, sha256_in(name))

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
        """Link or copy an image from another store into a single file, over a damaged one.

        Returns:
            Why it was not taken: `without file` or `damaged`; empty when it was.
        """
        theirs = RecordFolder(source, IMAGES, FOLDER).path_of(image)
        ours = self.folder / single_file_of(image)
        if theirs.is_symlink() or not theirs.is_file():  # reading a pipe would never end
            return "without file"
        ours.parent.mkdir(parents=True, exist_ok=True)
        temporary = ours.with_name(f".{ours.name}.{get_ident()}")
        temporary.unlink(missing_ok=True)
        if image.offset:
            copy_part(InShard(theirs, image.offset, image.size), temporary)
        elif theirs.stat().st_size == image.size:
            link_or_copy(theirs, temporary)
        if not temporary.exists() or sha256_of(temporary) != image.sha256:
            temporary.unlink(missing_ok=True)
            return "damaged"
        temporary.replace(ours)
        temporary.unlink(missing_ok=True)  # still there when both were links to one file
        self.whole.add(single_file_of(image))
        return ""

    def survived(self, image: StoredImage) -> bool:
        """Whether an image survived a crash of the machine; a damaged file is deleted and fetched again."""
        if image.offset:  # shards were synced
            return True
        path = self.path_of(image)
        if path.is_file() and sha256_of(path) == image.sha256:
            return True
        path.unlink(missing_ok=True)
        return False

    def nameless(self, named: Collection[str]) -> list[Path]:
        """The images that are not among `named`: files of which the bytes have the SHA-256 of their name."""
        return [
            path
            for path in self.folder.glob(f"{FOLDERS}/*")
            if IMAGE.fullmatch(path.name)
            and self._place_of(path) not in named
            and self._holds(path)
            and file_fault(path, path.name[:64]) == ""
        ]

    def remove_left_over(self) -> None:
        """Delete what a killed command has half written."""
        for path in self.folder.glob(f"{FOLDER}/.*"):
            whole = half_written(self._place_of(path))
            if (whole == NEW or NAME.fullmatch(whole)) and self._holds(path):
                path.unlink(missing_ok=True)
        for path in [*self.folder.glob(".*"), *self.folder.glob(f"{FOLDERS}/.*")]:
            if LEFT_OVER.fullmatch(path.name) and self._holds(path):
                path.unlink(missing_ok=True)

    def _holds(self, path: Path) -> bool:
        return self.records.holds(self._place_of(path))

    def _place_of(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()


def named_at(place: InShard, sha256: str) -> Named | None:
    """An image to pack; None when its bytes do not have its SHA-256, or cannot be read."""
    try:
        data = place.read_bytes()
    except UserError:  # a pipe or a folder
        return None
    except OSError as error:
        if error.errno not in GONE:
            raise
        return None
    is_whole = hashlib.sha256(data).hexdigest() == sha256
    return Named(sha256 + (extension_of(data) or UNKNOWN_TYPE), data) if is_whole else None


def file_of(sha256: str, body: bytes) -> str:
    """The path of an image's own file below its store."""
    return f"{IMAGES}/{sha256[:2]}/{sha256}{extension_of(body)}"


def single_file_of(image: StoredImage) -> str:
    """The path of an own file for an image that another store may have in a shard."""
    return f"{IMAGES}/{image.sha256[:2]}/{image.sha256}" if image.offset else image.file
