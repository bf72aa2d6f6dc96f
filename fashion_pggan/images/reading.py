"""Images in files: one each, in tar files, in Parquet; read at random, without holding them."""

import json
import os
import tarfile
import tempfile
import weakref
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import pyarrow as pa

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.images.decode.decoding import Pixels, seen
from fashion_pggan.images.decode.opening import MOST_PIXELS, opened
from fashion_pggan.images.writing import Format
from fashion_pggan.storage.files import make_folder
from fashion_pggan.storage.hashes import hash_memory
from fashion_pggan.storage.proof.folder_mark import MARK, hashes_in
from fashion_pggan.storage.seal import DamagedError
from fashion_pggan.storage.tables import open_table

MARKS = ("generated.json", ".export.json")  # in a folder that generation or an export has written
ROWS, TARS, PARQUETS = "metadata.jsonl", "train-*.tar", "data/train-*-of-*.parquet"
ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})
KINDS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")  # Pillow's names
FOREIGN = "__MACOSX"  # a folder of no images, though their names say so
BATCH_ROWS = 16  # of Parquet, held at once
BROKEN = (OSError, ValueError, EOFError, tarfile.TarError, pa.ArrowException)


class Files(Protocol):
    """Image files in an order of their own."""

    def __len__(self) -> int: ...

    def name(self, index: int) -> str:
        """What a person knows it by."""
        ...

    def data(self, index: int) -> bytes:
        """Its bytes; from any thread."""
        ...


def files_in(folder: Path, scratch: Path | None = None) -> Files:
    """The images of a folder: what its manifest lists, or else every image file in it.

    Args:
        folder: what `python -m generate` or `python -m curate export` wrote, or any folder of image files.
        scratch: where the images of Parquet files are put, which cannot be read at random there.

    Raises:
        UserError: the manifest and the files do not fit each other, or cannot be read.
    """
    _check_unchanged(folder)
    facts = _mark_of(folder)
    form: str | None = facts.get("form") or _form_of(folder)
    try:
        files = _READERS[form](folder, scratch) if form else SingleFiles(_plain(folder))
    except BROKEN as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{folder} cannot be read as {form} ({error}): write it again") from error
    if facts and facts["images"] != len(files):
        raise UserError(
            f"{folder} holds {len(files)} images, its manifest says {facts['images']}: write it again"
        )
    return files


def _check_unchanged(folder: Path) -> None:
    """Check what this program wrote against the folder's mark: once, while the files stay as they are."""
    if not (folder / MARK).is_file():
        return
    try:
        hashes = hashes_in(folder)
    except DamagedError as error:
        raise UserError(f"{folder / MARK} is damaged ({error}): write {folder} again") from error
    with hash_memory() as memory:
        for path, sha256 in ((folder / name, sha256) for name, sha256 in hashes.items()):
            if path.is_file() and not memory.matches(path, sha256):  # whoever needs one that is gone says so
                raise UserError(f"{path} is not what was written, by its SHA-256: write {folder} again")


def pixels_of(data: bytes, name: str, side: int = 0) -> Pixels:
    """An image as curation sees it: upright, in sRGB, on white.

    Args:
        data: the file's bytes.
        name: for errors.
        side: pixels that both sides must have, looked at before anything is decoded; 0: as they are.

    Raises:
        UserError: it cannot be read, or has other sides.
    """
    try:
        image, width, height, _ = opened(data, KINDS, MOST_PIXELS)
        _check_sides(name, width, height, side)
        return seen(data, image).pixels
    except UserError:
        raise
    except Exception as error:  # decoders raise whatever they like on broken input
        raise UserError(
            f"{name} cannot be read as an image ({one_line(error)}): remove it, or replace it"
        ) from error


def _check_sides(name: str, width: int, height: int, side: int) -> None:
    if width != height:
        raise UserError(
            f"{name} is {width} x {height} px, not square: make squares of one size with fashion-pggan curate"
        )
    if width & (width - 1):
        raise UserError(
            f"{name} is {width} x {height} px, not a power of two: make squares of 64, 128, … px with "
            "fashion-pggan curate"
        )
    if side and width != side:
        raise UserError(
            f"{name} is {width} x {height} px, but others are {side} x {side}: bring all to one size with "
            "fashion-pggan curate"
        )


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
            return self.paths[index].read_bytes()
        except OSError as error:
            raise UserError(
                f"{self.paths[index]} cannot be read ({error.strerror}): make it readable"
            ) from error


class TarFiles:
    """Images in tar files, of which the places are known."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths
        self.names: list[str] = []
        self.tars, self.starts, self.sizes = array("q"), array("q"), array("q")
        for number, path in enumerate(paths):
            for entry in _entries(path):
                self.names.append(entry.name)
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
        with self.paths[self.tars[index]].open("rb") as file:
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
            for image in _images(path):
                self.file.write(image["bytes"])
                self.starts.append(self.starts[-1] + len(image["bytes"]))
                self.names.append(f"{image['path']} in {path}")
        self.file.flush()

    def __len__(self) -> int:
        return len(self.names)

    def name(self, index: int) -> str:
        """Its name in its Parquet file."""
        return self.names[index]

    def data(self, index: int) -> bytes:
        """Its bytes."""
        start = self.starts[index]
        return os.pread(self.file.fileno(), self.starts[index + 1] - start, start)


def _mark_of(folder: Path) -> dict[str, Any]:
    """The facts that the program left; empty where it left none."""
    for name in MARKS:
        try:
            facts = json.loads((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(facts, dict) and facts.get("form") in list(Format) and "images" in facts:
            return facts
    return {}


def _form_of(folder: Path) -> Format | None:
    """The form of a folder without a mark, by its names."""
    if (folder / ROWS).is_file():
        return Format.IMAGEFOLDER
    if next(folder.glob(TARS), None):
        return Format.WEBDATASET
    return Format.PARQUET if next(folder.glob(PARQUETS), None) else None


def _plain(folder: Path) -> list[Path]:
    """Every image file, but for hidden ones and what is in hidden folders."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    return sorted(path for path in found if _meant(path.relative_to(folder)) and path.is_file())


def _meant(path: Path) -> bool:
    return not any(part.startswith(".") or part == FOREIGN for part in path.parts)


def _listed(folder: Path) -> list[Path]:
    """The files that metadata.jsonl lists, in its order."""
    paths = []
    with (folder / ROWS).open(encoding="utf-8") as rows:
        for number, row in enumerate(rows, start=1):
            if row.isspace():
                continue
            name = _name_in(row)
            if not name:
                raise UserError(f"{folder / ROWS}, line {number}, names no file in {folder}: write it again")
            paths.append(folder / name)
    return paths


def _name_in(row: str) -> str:
    """The name of a row's file; empty where there is none, or one that leads elsewhere."""
    facts = json.loads(row)
    name = facts.get("file_name") if isinstance(facts, dict) else None
    if not isinstance(name, str):
        return ""
    path = PurePosixPath(name)
    return "" if path.is_absolute() or ".." in path.parts else name


def _entries(path: Path) -> Iterator[tarfile.TarInfo]:
    """The images of a tar file, in its order."""
    with tarfile.open(path, "r:") as tar:
        for entry in tar:
            if entry.isreg() and PurePosixPath(entry.name).suffix.lower() in ENDINGS:
                yield entry
            tar.members.clear()  # type: ignore[attr-defined]  # it would hold on to all of them


def _images(path: Path) -> Iterator[dict[str, Any]]:
    """The column `image` of a Parquet file, in its order: bytes, or as Hugging Face has it."""
    with open_table(path, foreign=True) as file:
        if "image" not in file.schema_arrow.names:
            raise UserError(f"{path} has no column image: rename the one that holds the images' bytes")
        rows = chain.from_iterable(
            batch.column(0).to_pylist() for batch in file.iter_batches(BATCH_ROWS, columns=["image"])
        )
        for number, image in enumerate(rows, start=1):
            facts = image if isinstance(image, dict) else {"bytes": image}
            if not isinstance(facts.get("bytes"), bytes):
                raise UserError(
                    f"{path}, row {number}, holds no bytes of an image: remove it, or embed the file"
                )
            yield {"bytes": facts["bytes"], "path": facts.get("path") or f"row {number}"}


_READERS: Mapping[str, Callable[[Path, Path | None], Files]] = {
    Format.IMAGEFOLDER: lambda folder, scratch: SingleFiles(_listed(folder)),
    Format.WEBDATASET: lambda folder, scratch: TarFiles(sorted(folder.glob(TARS))),
    Format.PARQUET: lambda folder, scratch: ParquetFiles(sorted(folder.glob(PARQUETS)), scratch),
}
