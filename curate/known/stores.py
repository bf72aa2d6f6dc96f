"""Two stores on disk: facts of images and their reduced pixels, computed once and kept between runs.

Both grow by whole files, each written in one step. So a killed run loses only its last batch. They lie
outside the dataset (docs/decisions/0003-runs-outlive-outputs.md).
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curate.pixels.measure import Pixels
from curate.squares.levels import Flat, levels_in
from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.files import atomic_write, write_text
from fashion_pggan.storage.hashes import hash_memory, hashed_json, values_of
from fashion_pggan.storage.shards import header_of
from fashion_pggan.storage.tables import UNREADABLE, is_sealed, read_table, rescue, write_table

MANY_PARTS = 64  # with more files of facts than this, they are merged into one

log = logging.getLogger(__name__)


class FactStore:
    """Facts of images, a row each, keyed by SHA-256.

    Args:
        folder: made when missing; holds Parquet files.
        schema: of a row; has a column `sha256`.

    Damaged files are reported and left out; their facts will be computed again.

    Raises:
        UserError: a file there cannot be read.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.schema = folder, schema
        self.parts = sorted(folder.glob("[0-9]" * 8 + ".parquet"))
        self.next_part = int(self.parts[-1].stem) + 1 if self.parts else 0
        self.tables = [schema.empty_table(), *(self._read(path) for path in self.parts)]
        if len(self.parts) > MANY_PARTS:
            self._join()

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store rows; a row replaces an older one with the same SHA-256."""
        if rows:
            table = pa.Table.from_pylist(list(rows), schema=self.schema)
            self._write(table)
            self.tables.append(table)

    @property
    def table(self) -> pa.Table:
        """All rows, sorted by SHA-256."""
        if len(self.tables) > 1:
            self.tables = [_newest(pa.concat_tables(self.tables))]
        return self.tables[0]

    def _write(self, table: pa.Table) -> None:
        path = self.folder / f"{self.next_part:08d}.parquet"
        write_table(path, table, self.schema)
        self.parts.append(path)
        self.next_part += 1

    def _join(self) -> None:
        old, self.parts = self.parts, []
        self._write(self.table)
        for path in old:
            path.unlink()

    def _read(self, path: Path) -> pa.Table:
        try:
            return read_table(path, self.schema)
        except UNREADABLE as error:
            return self._whole_of(path, str(error))

    def _whole_of(self, path: Path, damage: str) -> pa.Table:
        """The whole rows of a damaged file, which is rewritten with them alone."""
        try:
            kept, lost = rescue(path, self.schema) if is_sealed(path) else (None, None)
            if kept is None:
                path.unlink()
            else:
                write_table(path, kept, self.schema)
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error}): make it readable") from error
        log.warning(
            "%s is damaged (%s): the facts of %s images are computed again",
            path,
            damage,
            "its" if lost is None else lost,
        )
        return self.schema.empty_table() if kept is None else kept


def _newest(table: pa.Table) -> pa.Table:
    """The last row of each SHA-256, sorted by it."""
    names = np.asarray(table["sha256"].to_numpy(zero_copy_only=False), dtype="U64")
    last_first = names[::-1]
    _, index = np.unique(last_first, return_index=True)
    return table.take(pa.array(len(names) - 1 - index)).combine_chunks()


class LevelStore:
    """Reduced images at every level, keyed by SHA-256.

    Args:
        folder: made when missing; holds packs `<number>.npy`, uint8 (images, bytes each), with the
            names of its images in `<number>.json`.
        resolution: side of the largest level in pixels.

    Damaged packs are reported and left out; their images will be reduced again.
    """

    def __init__(self, folder: Path, resolution: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.resolution = folder, resolution
        self.place: dict[str, tuple[int, int]] = {}
        self.packs: dict[int, Pixels] = {}
        self.next_pack = 0
        self.sums: dict[int, str] = {}
        self.written: set[int] = set()  # packs of this run: their bytes were hashed on the way to the disk
        for path in sorted(folder.glob("[0-9]" * 8 + ".json")):
            try:
                self._know(int(path.stem), *pack_of(path))
            except ValueError as error:
                self._forget(int(path.stem), str(error))

    def __contains__(self, sha256: str) -> bool:
        return sha256 in self.place

    def add(self, images: Mapping[str, Flat]) -> None:
        """Store images by SHA-256."""
        if not images:
            return
        number, names = self.next_pack, list(images)
        path = self._path(number)
        with atomic_write(path) as file:
            header = header_of((len(names), len(images[names[0]])))
            digest = hashlib.sha256(header)
            file.write(header)
            for flat in images.values():
                file.write(flat.data)
                digest.update(flat.data)
        said = hashed_json({"names": names, "pixels": digest.hexdigest()})
        write_text(path.with_suffix(".json"), said)  # after the pixels, so that names belong to whole packs
        self._know(number, names, digest.hexdigest())
        self.written.add(number)

    def forget_damaged(self, names: Iterable[str]) -> None:
        """Leave out damaged packs of earlier runs among those with these images; each is read once."""
        with hash_memory() as memory:
            packs = {self.place[name][0] for name in names if name in self.place}
            for number in sorted(packs - self.written):
                path = self._path(number)
                if not path.is_file() or not memory.matches(path, self.sums[number]):
                    self._forget(number, "it is not what was written, by its SHA-256")

    def read(self, sha256: str) -> dict[int, Pixels]:
        """The levels of an image, largest first.

        Raises:
            KeyError: the image is not stored.
        """
        number, row = self.place[sha256]
        return levels_in(self._pack(number)[row], self.resolution)

    def _know(self, number: int, names: Sequence[str], sha256: str) -> None:
        self.sums[number] = sha256
        self.place.update({name: (number, row) for row, name in enumerate(names)})
        self.next_pack = max(self.next_pack, number + 1)

    def _forget(self, number: int, damage: str) -> None:
        log.warning("%s is damaged (%s): its images are reduced again", self._path(number), damage)
        self.place = {name: place for name, place in self.place.items() if place[0] != number}
        self.next_pack = max(self.next_pack, number + 1)
        for path in (self._path(number).with_suffix(".json"), self._path(number)):
            path.unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:08d}.npy"

    def _pack(self, number: int) -> Pixels:
        if number not in self.packs:
            self.packs[number] = np.asarray(
                np.load(self._path(number), mmap_mode="r")
            )  # plain views are fast
        return self.packs[number]


def pack_of(path: Path) -> tuple[list[str], str]:
    """The names of a pack's images and the SHA-256 of its pixels, from its JSON file.

    Raises:
        ValueError: the file is damaged.
    """
    said = values_of(read_text(path))
    return said["names"], said["pixels"]
