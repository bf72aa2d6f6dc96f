"""The catalogue: products with an image each, drawn or from a folder."""

import csv
import logging
import mimetypes
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PIL import Image

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.bounded.plain_file import text_lines_in
from fashion_pggan.storage.record_folder import RecordFolder

SHELF = 1000  # products per shelf: as many as the search window reaches
UNLABELLED = "image"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Product:
    """What a search result says about a product."""

    title: str
    file_name: str
    width: int  # pixels; 0: unknown
    height: int
    content_type: str
    etag: str = ""  # known without the image, which is then cheap and not cached


class Catalogue(Protocol):
    """Products by index, from 0."""

    def __len__(self) -> int:
        """The number of products."""

    def product(self, index: int) -> Product:
        """The facts of a product; cheap."""

    def image(self, index: int) -> bytes:
        """The bytes of its image; may be slow, and is called from several threads."""


class Folder:
    """Every file of a folder, unchanged, in the order of relative paths.

    Links are served as files; those out of the folder are, with a warning, where they lead to images.

    Titles are `<label> shelf<k> <file's stem> : demo shop`, where k counts shelves of a thousand: a query for
    one shelf reaches all of it through the window of the search.

    Args:
        folder: the images.
        labels: a CSV file with the columns `file` and `label`; by default one beside the folder.

    Raises:
        UserError: the folder has no files, or the labels cannot be read.
    """

    def __init__(self, folder: Path, labels: Path | None = None) -> None:
        if not folder.is_dir():
            raise UserError(f"{folder} is not a folder: give a folder of images")
        files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        self.files = _without_links_to_others(folder, files)
        if not self.files:
            raise UserError(f"no images in {folder}: give a folder that holds some")
        self.folder = folder
        self.labels = _read_labels(
            labels or folder.with_name(f"{folder.name}.csv"), wanted=labels is not None
        )

    def __len__(self) -> int:
        return len(self.files)

    def product(self, index: int) -> Product:
        """The facts of a file."""
        path = self.files[index]
        name = path.relative_to(self.folder).as_posix()
        label = self.labels.get(name, UNLABELLED)
        width, height = _size_of(path)
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        title = f"{label} shelf{index // SHELF} {_text_of(path.stem)} : demo shop"
        return Product(title, _text_of(path.name), width, height, kind)

    def image(self, index: int) -> bytes:
        """The file's bytes."""
        return self.files[index].read_bytes()


def _without_links_to_others(folder: Path, files: list[Path]) -> list[Path]:
    """Files without links out of the folder that lead to no image; a warning names each kind."""
    inside = RecordFolder(folder)
    names = {path: path.relative_to(folder).as_posix() for path in files}
    others = [path for path in files if path.is_symlink() and not inside.names(names[path])]
    hidden = {path for path in others if _size_of(path) == (0, 0)}
    kept = [path for path in files if path not in hidden]
    inside.tell_links(names[path] for path in kept)
    if hidden:
        log.warning(
            "files in %s that are links out of it to no image, and are not served: %d; the first is %s",
            folder,
            len(hidden),
            names[min(hidden)],
        )
    return kept


def _text_of(name: str) -> str:
    """A file's name; what is not UTF-8 in it is replaced, because an answer cannot hold it."""
    return os.fsencode(name).decode(errors="replace")


def _read_labels(path: Path, *, wanted: bool) -> dict[str, str]:
    if not path.is_file() and not wanted:
        return {}
    try:
        rows = csv.DictReader(text_lines_in(path))
        return {row["file"]: row["label"] for row in rows}
    except (OSError, ValueError, csv.Error, KeyError) as error:
        raise UserError(
            f"{path} cannot be read as labels ({one_line(error)}): give a CSV file with the columns "
            "file and label"
        ) from error


def _size_of(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as image:
            return image.size
    except Exception:  # broken files are products too; their size is unknown
        return 0, 0
