"""The store: all images ever fetched, under their SHA-256, with a log of where each came from."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock
from typing import Self

from crawler.lines import line_of
from crawler.store.image_files import ImageFiles, file_of, single_file_of
from crawler.store.own.nameless import finish_going, note_going
from crawler.store.recorded import LOG, TABLE, check_file, read_recorded, write_table
from crawler.store.stored import Fetched, StoredImage
from crawler.store.tombstones import Tombstones
from fashion_pggan.storage.bounded.plain_file import read_bytes
from fashion_pggan.storage.files import append, atomic_write, write_text
from fashion_pggan.storage.hashes import hash_memory
from fashion_pggan.storage.packed.tar_shards import Packed, taken_by

ALL = set(StoredImage.model_fields)
LONGEST_BOOT = 1024  # bytes of the identifier of a boot


class Store:
    """Images on disk and, by canonical URL, the facts of each. `keep` may be called from any thread.

    Args:
        folder: holds the images, the log and the table.
        tombstones: images whose bytes have one are not stored.

    Raises:
        UserError: a record names a file outside the store, or a later version wrote it; nothing was changed.

    The store leaves out a damaged record, so that the crawl fetches its image again.

    It writes an image, into a file of its own, before its line in the log: after a kill, every line names a
    whole file. After a crash of the machine, it compares the log's images with their hashes when it opens.
    When it closes, it moves the log into a table, fetched.parquet. `pack` moves the images into shards.
    """

    def __init__(self, folder: Path, tombstones: Tombstones) -> None:
        self.folder, self.tombstones = folder, tombstones
        self.log_file, self.table_file = folder / LOG, folder / TABLE
        self.session_file = folder / ".session"
        self.lock = Lock()
        self.lost_records = 0
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as opened:
            self.files = ImageFiles(folder, opened.enter_context(hash_memory()))
            self.images = self._read()
            self.files.know(self.images.values())
            write_text(self.session_file, _boot())
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

    def owner(self, url: str) -> str:
        """A mark of the product whose image is stored at a canonical URL; empty where none is known."""
        image = self.images.get(url)
        return image.product if image else ""

    @property
    def troubles(self) -> dict[str, int]:
        """What this run found broken: files damaged, files missing, records damaged."""
        counted = self.files.troubles
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
        image = StoredImage.model_construct(
            ALL,  # one set for all images: a set for each would take more memory than the facts
            url=fetched.url,
            sha256=sha256,
            file=file_of(sha256, fetched.body),
            size=len(fetched.body),
            content_type=fetched.content_type,
            crawled_at=fetched.crawled_at,
            **fetched.facts,
        )
        if packed := self._packed_as(sha256):
            image = _at(image, packed)
        elif not self._is_whole(image):
            self.files.write(image, fetched.body)
        with self.lock:
            self._log(image)
        return image

    def adopt(self, image: StoredImage, source: Path) -> str:
        """Take an image from another store, by a hard link where possible; check all that the store says.

        Returns:
            What became of it: `images new`, `there before`, `forgotten`, `without file`, or `damaged` where
            the bytes are not those of the record.

        Raises:
            UserError: the record names a file outside the stores.
        """
        check_file(self.files.records, image)
        if self.tombstones.forbid_image(image):
            return "forgotten"
        if self.find(image.url) is not None:
            return "there before"
        if packed := self._packed_as(image.sha256):
            ours = _at(image, packed)
        else:
            ours = _at(image, Packed(single_file_of(image), 0, image.size))
            if not self._is_whole(ours) and (refused := self.files.take(image, source)):
                return refused
        self._log(ours)
        return "images new"

    def pack(self, most: int) -> None:
        """Move single files into new shards, in the order of their SHA-256, and all records into the table.

        A kill in between loses nothing: the records name the single files until the shards are whole.

        Args:
            most: bytes of a shard.
        """
        damaged = {name for name in self.files.harmed if self.files.is_damaged(name)}
        single = {
            image.sha256: image
            for image in self.images.values()
            if not image.offset or image.file in damaged  # what is left of a damaged shard moves, too
        }
        before = self._paths_of(self.images.values())
        self._move(self.files.pack((single[sha256] for sha256 in sorted(single)), most), before)

    def remove(self, unwanted: Callable[[StoredImage], bool]) -> list[StoredImage]:
        """Delete images and their records, and return them; a file stays while another record names it."""
        gone = [image for image in self.images.values() if unwanted(image)]
        if gone:
            before = self._paths_of(self.images.values())
            self.images = {url: image for url, image in self.images.items() if not unwanted(image)}
            self._move(self._rewritten(), before)
        return gone

    def remove_nameless(self, shards: Iterable[Path] = ()) -> int:
        """Delete images that no record names: nobody can say whose they are.

        Args:
            shards: those that `nameless_shards` found.

        Returns:
            How many files were deleted.
        """
        nameless = {*shards} - self._paths_of(self.images.values())
        self._move(self._rewritten(), self._paths_of(self.images.values()) | nameless)
        images = self.files.nameless({image.file for image in self.images.values()})
        for path in images:
            path.unlink()
        return len(nameless) + len(images)

    def _rewritten(self) -> dict[str, Packed]:
        """Write each shard again that holds more than the records name, and forget what is damaged in it.

        Returns:
            The new places, by SHA-256.
        """
        of_shard: dict[str, dict[str, StoredImage]] = defaultdict(dict)
        for image in self.images.values():
            if image.offset:
                of_shard[image.file][image.sha256] = image
        places: dict[str, Packed] = {}
        for name, inside in of_shard.items():
            size = (self.folder / name).stat().st_size if (self.folder / name).is_file() else 0
            if size and size != taken_by(image.size for image in inside.values()):
                in_order = sorted(inside.values(), key=lambda image: image.offset)
                places |= self.files.pack(in_order, size)
                lost = inside.keys() - places.keys()
                self.images = {
                    url: image
                    for url, image in self.images.items()
                    if image.file != name or image.sha256 not in lost
                }
        return places

    def _move(self, places: Mapping[str, Packed], before: set[Path]) -> None:
        """Note the new places of images, by SHA-256, and delete those files that no record names any more."""
        moved = {
            url: _at(image, places[image.sha256]) if image.sha256 in places else image
            for url, image in self.images.items()
        }
        note_going(self.folder, before - self._paths_of(moved.values()))
        write_table(self.folder, moved.values())
        os.ftruncate(self.handle, 0)
        self.images = moved
        self.files.know(moved.values())
        finish_going(self.folder, {image.file for image in moved.values()})

    def compact(self) -> None:
        """Move the log into the table; a crash in between leaves both, with the same content."""
        if self.log_file.stat().st_size or self.lost_records or not self.table_file.exists():
            os.sync()  # images must be on disk before the table
            write_table(self.folder, self.images.values())
            self.log_file.write_bytes(b"")
        self.session_file.unlink(missing_ok=True)

    def _packed_as(self, sha256: str) -> Packed | None:
        """The place of these bytes in a shard, if they are intact there."""
        image = self.files.packed.get(sha256)
        is_there = image is not None and self.files.is_whole(image, expected=False)
        return Packed(image.file, image.offset, image.size) if image and is_there else None

    def _is_whole(self, image: StoredImage) -> bool:
        return self.files.is_whole(image, expected=image.url in self.images)

    def _log(self, image: StoredImage) -> None:
        append(self.handle, line_of(image.model_dump()))
        self.images[image.url] = image

    def _paths_of(self, images: Iterable[StoredImage]) -> set[Path]:
        return {self.files.path_of(image) for image in images}

    def _read(self) -> dict[str, StoredImage]:
        """Read table and log; rewrite a log that holds torn lines."""
        found = read_recorded(self.folder)  # raises before anything is removed
        recent, torn, self.lost_records = found.recent, found.is_torn, found.lost
        self.files.remove_left_over()
        if not found.lost:  # otherwise a lost record may name them
            finish_going(self.folder, {image.file for image in found.images.values()})
        if self.session_file.exists() and read_bytes(self.session_file, LONGEST_BOOT) != _boot().encode():
            whole = [image for image in recent if self.files.survived(image)]
            torn, recent = torn or len(whole) < len(recent), whole
        if not torn:
            return found.images
        with atomic_write(self.log_file) as file:
            file.writelines(line_of(image.model_dump()) for image in recent)
        return images_of(self.folder)


def _at(image: StoredImage, place: Packed) -> StoredImage:
    """The image at another place."""
    return StoredImage.model_construct(ALL, **{**image.__dict__, **place._asdict()})


def images_of(folder: Path) -> dict[str, StoredImage]:
    """The images of a store, by canonical URL; changes nothing.

    Raises:
        UserError: a record names a file outside the store, or a later version wrote it.
    """
    return read_recorded(folder).images


def _boot() -> str:
    """An identifier of the machine's current boot; constant on systems without one."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return "unknown"
