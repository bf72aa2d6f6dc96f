"""Finds the images of a folder, and reads each as pixels."""

import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.images.containers import ENDINGS, Files, ParquetFiles, SingleFiles, TarFiles
from fashion_pggan.images.decode.decoding import Pixels, seen
from fashion_pggan.images.decode.opening import MOST_PIXELS, opened
from fashion_pggan.images.writing import SPLIT_NAMES, Format
from fashion_pggan.storage.bounded.json_text import json_in
from fashion_pggan.storage.bounded.plain_file import lines_in, read_text
from fashion_pggan.storage.proof.folder_mark import MARK, check_unchanged
from fashion_pggan.storage.record_folder import RecordFolder

MARKS = ("generated.json", ".export.json")  # in a folder that generation or an export has written
ROWS = "metadata.jsonl"  # also in the folder of each split
TARS, PARQUETS = "{split}-*.tar", "data/{split}-*-of-*.parquet"
KINDS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")  # Pillow's names
FOREIGN = "__MACOSX"  # a folder of no images, though their names say so
MOST_ROWS = 10_000_000  # bytes of a manifest; larger datasets use tar or Parquet files
BROKEN = (OSError, ValueError, EOFError, tarfile.TarError, pa.ArrowException)


def files_in(folder: Path, scratch: Path | None = None) -> Files:
    """The images of a folder: those in its manifest, or else every image file in it.

    Args:
        folder: a folder that `fashion-pggan generate` or `curate export` wrote, or any with image files.
        scratch: a folder to unpack Parquet files into, whose images cannot be read at random.

    Raises:
        UserError: the manifest and the files do not match, or cannot be read.
    """
    if (folder / MARK).is_file():
        check_unchanged(folder)  # once, while the files stay as they are
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


def pixels_of(data: bytes, name: str, side: int = 0) -> Pixels:
    """An image as curation sees it: upright, in sRGB, on white.

    Args:
        data: the file's bytes.
        name: for errors.
        side: pixels that both sides must have, checked before decoding; 0: any.

    Raises:
        UserError: it cannot be read, or has other sides.
    """
    try:
        image, width, height, _ = opened(data, KINDS, MOST_PIXELS)
        _check_sides(name, width, height, side)
        return seen(data, image).pixels
    except UserError:
        raise
    except Exception as error:  # decoders raise many kinds of error on broken input
        raise UserError(
            f"{name} cannot be read as an image ({one_line(error)}): remove it, or replace it"
        ) from error


def _check_sides(name: str, width: int, height: int, side: int) -> None:
    if width != height:
        raise UserError(f"{name} is {width} x {height} px, not square: give --size, which makes squares")
    if width & (width - 1):
        raise UserError(
            f"{name} is {width} x {height} px, not a power of two: give --size 64, 128, …, "
            "which makes such squares"
        )
    if side and width != side:
        raise UserError(
            f"{name} is {width} x {height} px, but others are {side} x {side}: give --size, which "
            "brings all to one size"
        )


def _mark_of(folder: Path) -> dict[str, Any]:
    """The facts that the program wrote into the folder; empty if it wrote none."""
    for name in MARKS:
        try:
            facts = json_in(read_text(folder / name), finite=False)
        except (OSError, ValueError):
            continue
        if isinstance(facts, dict) and facts.get("form") in list(Format) and "images" in facts:
            return facts
    return {}


def _form_of(folder: Path) -> Format | None:
    """The form of a folder without a mark, by its names."""
    if (folder / ROWS).is_file():
        return Format.IMAGEFOLDER
    if _of_splits(folder, TARS):
        return Format.WEBDATASET
    return Format.PARQUET if _of_splits(folder, PARQUETS) else None


def _manifests(folder: Path) -> list[Path]:
    """The manifests of an ImageFolder that was written here: one for each split, or one of all."""
    found = [folder / split / ROWS for split in SPLIT_NAMES if (folder / split / ROWS).is_file()]
    return [folder / ROWS] if (folder / ROWS).is_file() or not found else found


def _of_splits(folder: Path, names: str) -> list[Path]:
    """The files of these names, split by split."""
    return [path for split in SPLIT_NAMES for path in sorted(folder.glob(names.format(split=split)))]


def _plain(folder: Path) -> list[Path]:
    """Every image file, except hidden files and those in hidden folders."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    paths = sorted(path for path in found if _meant(path.relative_to(folder)) and path.is_file())
    RecordFolder(folder).tell_links(path.relative_to(folder).as_posix() for path in paths)
    return paths


def _meant(path: Path) -> bool:
    return not any(part.startswith(".") or part == FOREIGN for part in path.parts)


def _listed(folder: Path) -> list[Path]:
    """The files that each metadata.jsonl lists, in its order."""
    paths = []
    for manifest in _manifests(folder):
        place = manifest.parent
        files = RecordFolder(place, links=True)
        for number, row in enumerate(lines_in(manifest), start=1):
            if row.isspace():
                continue
            facts = json_in(row, finite=False)
            name = facts.get("file_name") if isinstance(facts, dict) else None
            if number > MOST_ROWS or not isinstance(name, str) or not files.names(name):
                raise UserError(f"{manifest}, line {number}, names no file in {place}: write it again")
            paths.append(place / name)
    return paths


_READERS: Mapping[str, Callable[[Path, Path | None], Files]] = {
    Format.IMAGEFOLDER: lambda folder, scratch: SingleFiles(_listed(folder)),
    Format.WEBDATASET: lambda folder, scratch: TarFiles(_of_splits(folder, TARS)),
    Format.PARQUET: lambda folder, scratch: ParquetFiles(_of_splits(folder, PARQUETS), scratch),
}
