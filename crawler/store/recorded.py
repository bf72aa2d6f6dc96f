"""A store's records on disk: a table, and a log of later ones. Damaged records are left out and counted."""

import re
from collections.abc import Collection, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from crawler.lines import lines_of
from crawler.store.stored import StoredImage
from fashion_pggan.errors import UserError
from fashion_pggan.storage.packed.tar_shards import FOLDER, NAME
from fashion_pggan.storage.record_folder import RecordFolder
from fashion_pggan.storage.records import write_records
from fashion_pggan.storage.tables import UNREADABLE, is_sealed, open_table, rescue

TABLE, LOG = "fetched.parquet", "fetched.jsonl"
IMAGES = "images"  # the folder of single files: what was fetched since the last shard was packed
ROWS = 8, 512  # of the table that are lost when one bit is damaged: fewest, most
PARTS = 64  # of a table between these limits
MOST_ROWS = 20_000_000  # of a table; no crawl has more, so a larger table is a trap
EXTENSION = re.compile(r"(?:\.[a-z]{1,5})?")


class Recorded(NamedTuple):
    """What a store's records say."""

    images: dict[str, StoredImage]  # by canonical URL
    recent: list[StoredImage]  # those of the log
    is_torn: bool  # whether the log must be rewritten
    lost: int  # records that are damaged: lines of the log, rows of the table


def read_recorded(folder: Path) -> Recorded:
    """Read the records of a store; changes nothing.

    Raises:
        UserError: a record names a file outside the store, or a later version wrote it.
    """
    recent, is_torn, lost_lines = _of_log(folder / LOG)
    rows, lost_rows = _of_table(folder / TABLE)
    files, images = RecordFolder(folder, IMAGES, FOLDER), dict[str, StoredImage]()
    for image in chain(rows, recent):
        check_file(files, image)
        images[image.url] = image
    return Recorded(images, recent, is_torn, lost_lines + lost_rows)


def write_table(folder: Path, images: Collection[StoredImage]) -> None:
    """Replace the table of a store, in parts of which a damaged bit loses one."""
    rows = min(max(len(images) // PARTS, ROWS[0]), ROWS[1])
    write_records(folder / TABLE, images, StoredImage, group_rows=rows)


def check_file(files: RecordFolder, image: StoredImage) -> None:
    """Make sure that a record names a shard, or the one file that is its own.

    Raises:
        UserError: it leads out of the store, or to another image's file.
    """
    files.check(image)
    if image.offset and NAME.fullmatch(image.file):
        return
    own = f"{IMAGES}/{image.sha256[:2]}/{image.sha256}"
    is_own = image.file.startswith(own) and EXTENSION.fullmatch(image.file.removeprefix(own))
    if image.offset or not is_own:
        raise UserError(
            f"the record of {image.url!r} in {files.folder} has the file {image.file!r}, not named by its "
            "SHA-256: remove that record, or get the folder again; nothing was changed"
        )


def _of_log(file: Path) -> tuple[list[StoredImage], bool, int]:
    images, lost, ended = list[StoredImage](), 0, True
    for line in lines_of(file):
        image = None if line.values is None else _image_of(line.values)
        if image is not None:
            images.append(image)
        elif line.sealed:
            raise _too_new(f"{file}, line {line.number},")
        else:
            lost += line.is_ended  # otherwise a kill has torn it; its image is fetched again
        ended = line.is_ended
    return images, lost > 0 or not ended, lost


def _of_table(file: Path) -> tuple[list[StoredImage], int]:
    if not file.exists():
        return [], 0
    if not file.is_file():
        raise UserError(f"{file} is not a plain file: move it away")
    images, damaged = list[StoredImage](), 0
    try:
        for values in _rows(file):
            image = _image_of(values)
            images += [image] if image else []
            damaged += image is None
    except UserError:
        raise
    except UNREADABLE:
        table, lost = rescue(file)
        rows = [_image_of(values) for values in table.to_pylist()] if table else []
        return [image for image in rows if image], max(lost or 0, 1)
    if damaged and is_sealed(file):
        raise _too_new(f"{file}: one of its rows")
    return images, damaged


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with open_table(file, foreign=True) as table:  # early versions wrote no seal
        if table.rows > MOST_ROWS:
            raise UserError(f"{file} holds {table.rows:,} records, more than any crawl has: move it away")
        for batch in table.batches():
            yield from batch.to_pylist()


def _image_of(values: dict[str, Any]) -> StoredImage | None:
    try:
        return StoredImage.model_validate(values)
    except ValidationError:
        return None


def _too_new(where: str) -> UserError:
    return UserError(
        f"{where} is unknown to this version: install a newer fashion-pggan, or get the store again"
    )
