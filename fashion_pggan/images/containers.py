"""Image files of folders, tar files and Parquet files, wherever they come from; read at random."""

import os
import tempfile
import weakref
from array import array
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.plain_file import open_plain, read_bytes
from fashion_pggan.storage.bounded.tar import entries_of
from fashion_pggan.storage.files import make_folder
from fashion_pggan.storage.tables import open_table

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})
LARGEST_IMAGE = 256 << 20  # bytes of a file: the most pixels that are decoded, four bytes each
MOST_UNPACKED = 8  # bytes that a byte of a Parquet file of images may unpack to; 1 is usual
NAME = 200  # characters of a name that are kept


class Files(Protocol):
    """A sequence of image files."""

    def __len__(self) -> int: ...

    def name(self, index: int) -> str:
        """The name of an image, for people."""
        ...

    def data(self, index: int) -> bytes:
        """Its bytes; from any thread."""
        ...


class SingleFiles:
    """A file per image."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def name(self, index: int) -> str:
        """Its path."""
        return str(self.paths[index])

    def data(self, index: int) -> bytes:
        """Its bytes."""
        try:
            return read_bytes(self.paths[index], LARGEST_IMAGE)
        except FileNotFoundError as error:  # it was there when the folder was listed
            raise UserError(
                f"{self.paths[index]} is gone since this command began: run it again once nothing else "
                "writes there"
            ) from error
        except OSError as error:
            raise UserError(
                f"{self.paths[index]} cannot be read ({error.strerror}): make it readable"
            ) from error


class TarFiles:
    """Images in tar files, at known positions."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths
        self.names: list[str] = []
        self.tars, self.starts, self.sizes = array("q"), array("q"), array("q")
        for number, path in enumerate(paths):
            for entry in entries_of(path, LARGEST_IMAGE):
                if PurePosixPath(entry.name).suffix.lower() not in ENDINGS:
                    continue
                self.names.append(entry.name[-NAME:])
                for column, value in (
                    (self.tars, number),
                    (self.starts, entry.offset_data),
                    (self.sizes, entry.size),
                ):
                    column.append(value)

    def __len__(self) -> int:
        return len(self.names)

    def name(self, index: int) -> str:
        """Its name in its tar file."""
        return f"{self.names[index]} in {self.paths[self.tars[index]]}"

    def data(self, index: int) -> bytes:
        """Its bytes."""
        with open_plain(self.paths[self.tars[index]]) as file:
            return os.pread(file.fileno(), self.sizes[index], self.starts[index])


class ParquetFiles:
    """Images of Parquet files, put one after another into a nameless file: a row cannot be read alone."""

    def __init__(self, paths: Sequence[Path], scratch: Path | None) -> None:
        if scratch:
            make_folder(scratch)
        self.names: list[str] = []
        self.starts = array("q", [0])
        self.file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115  # it lives as long as this
        weakref.finalize(self, self.file.close)
        for path in paths:
            self._add(path)
        self.file.flush()

    def _add(self, path: Path) -> None:
        most = self.starts[-1] + LARGEST_IMAGE + MOST_UNPACKED * path.stat().st_size
        for image in _images(path):
            end = self.starts[-1] + len(image["bytes"])
            if end > most:
                raise UserError(
                    f"{path} unpacks to more than {MOST_UNPACKED} times its size: get it again, or remove it"
                )
            self.file.write(image["bytes"])
            self.starts.append(end)
            self.names.append(f"{image['path']} in {path}")

    def __len__(self) -> int:
        return len(self.names)

    def name(self, index: int) -> str:
        """Its name in its Parquet file."""
        return self.names[index]

    def data(self, index: int) -> bytes:
        """Its bytes."""
        start = self.starts[index]
        return os.pread(self.file.fileno(), self.starts[index + 1] - start, start)


def _images(path: Path) -> Iterator[dict[str, Any]]:
    """The column `image` of a Parquet file, in its order: bytes, or as Hugging Face has it."""
    with open_table(path, foreign=True) as file:
        if "image" not in file.names:
            raise UserError(f"{path} has no column image: rename the one that holds the images' bytes")
        rows = chain.from_iterable(
            batch.column(0).slice(row, 1).to_pylist()
            for batch in file.batches(["image"])
            for row in range(len(batch))
        )
        for number, image in enumerate(rows, start=1):
            facts = image if isinstance(image, dict) else {"bytes": image}
            if not isinstance(facts.get("bytes"), bytes):
                raise UserError(
                    f"{path}, row {number}, holds no bytes of an image: remove it, or embed the file"
                )
            yield {"bytes": facts["bytes"], "path": str(facts.get("path") or f"row {number}")[-NAME:]}
