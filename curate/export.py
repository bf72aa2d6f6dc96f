"""`python -m curate export DATASET TARGET --format FORMAT`: a data set for those who use other programs."""

import argparse
import json
import logging
import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pyarrow as pa

from fashion_pggan.errors import UserError
from fashion_pggan.files import write_text
from fashion_pggan.images.writing import SUFFIXES, WRITERS, WRITTEN, Exported, Format, PictureFormat, encoded
from fashion_pggan.progress import Progress
from fashion_pggan.records import CuratedPicture, iterate_records, schema_of
from fashion_pggan.shards import Dataset, levels_up_to
from fashion_pggan.targets import Kind, check_target, replace_target

MANIFEST = "manifest.parquet"
DATASHEET = "datasheet.md"
MARK = ".export.json"  # in a folder that an export may replace
KIND = Kind(
    "an export",
    (*(path.replace("KEY", "[0-9a-f]{64}") for path in WRITTEN), re.escape(MARK)),
    needs=(MARK,),
)
SHARD_PICTURES = 1000
BATCH = 64  # pictures held at once
DECISIONS = frozenset({"kept", "reason", "duplicate_of", "shard", "row"})  # say nothing of a picture kept


def run(
    source: Path,
    target: Path,
    form: Format,
    *,
    level: int | None = None,
    picture_format: PictureFormat = PictureFormat.PNG,
    shard_pictures: int = SHARD_PICTURES,
) -> int:
    """Write a data set in a form that other programs load, with the provenance of each picture.

    Args:
        source: a curated data set.
        target: folder to make; an export that is there is replaced as a whole.
        form: for which loader.
        level: side of the pictures in pixels; the largest by default.
        picture_format: how each is encoded.
        shard_pictures: pictures per tar or Parquet file.

    Returns:
        How many pictures were written.

    Raises:
        UserError: there is no data set, it has no such level, or `target` holds something else.
    """
    dataset = Dataset(source, verify=True)
    level = level or dataset.resolution
    levels = levels_up_to(dataset.resolution)
    if level not in levels:
        raise UserError(f"no level of {level} px in {source}: give one of {', '.join(map(str, levels))}")
    check_target(target, KIND, [source])
    with replace_target(target, KIND) as building:
        pictures = _exported(dataset, level, picture_format)
        WRITERS[form](building, pictures, _columns(), len(dataset), shard_pictures)
        write_text(building / "README.md", _card(source, dataset.version))
        if Dataset(source).version != dataset.version:
            raise UserError(f"{source} was made anew meanwhile: export it again")
        facts = {"form": form, "level": level, "pictures": len(dataset), "version": dataset.version}
        write_text(building / MARK, json.dumps(facts | {"picture_format": picture_format}) + "\n")
    return len(dataset)


def _card(source: Path, version: str) -> str:
    """The card that Hugging Face's programs look for: the datasheet, under a line for them."""
    sheet = source / DATASHEET
    text = sheet.read_text(encoding="utf-8") if sheet.is_file() else f"# Data set {version}\n"
    return f"---\npretty_name: data set {version}\n---\n\n{text}"


def _columns() -> pa.Schema:
    return pa.schema([field for field in schema_of(CuratedPicture) if field.name not in DECISIONS])


def _exported(dataset: Dataset, level: int, picture_format: PictureFormat) -> Iterator[Exported]:
    """Every picture of the data set, encoded on all cores, in the order of the manifest."""
    kept = (row for row in iterate_records(dataset.folder / MANIFEST, CuratedPicture) if row.kept)
    done = 0
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        Progress("exporting", len(dataset), "pictures") as progress,
    ):
        while rows := list(islice(kept, BATCH)):
            pixels = dataset.pictures(_indices(dataset, rows), level)
            files = pool.map(lambda picture: encoded(picture, picture_format), pixels)
            for row, data in zip(rows, files, strict=True):
                yield Exported(
                    row.sha256, data, SUFFIXES[picture_format], row.model_dump(exclude=set(DECISIONS))
                )
            done += len(rows)
            progress.advance(len(rows))
    if done != len(dataset):
        raise UserError(
            f"{dataset.folder / MANIFEST} has {done} pictures, the index {len(dataset)}: run dvc repro curate"
        )


def _indices(dataset: Dataset, rows: Sequence[CuratedPicture]) -> list[int]:
    """Where the rows' pictures lie in the data set."""
    return [int(dataset.starts[row.shard]) + row.row for row in rows]  # type: ignore[operator]


def command(arguments: Sequence[str]) -> None:
    """Parse the command line behind `export` and write."""
    parser = argparse.ArgumentParser(prog="python -m curate export", description=__doc__)
    parser.add_argument("dataset", type=Path, help="a curated data set (data/curated)")
    parser.add_argument("target", type=Path, help="folder to make; an export that is there is replaced")
    parser.add_argument("--format", type=Format, choices=list(Format), required=True, help="for which loader")
    parser.add_argument("--level", type=int, help="side of the pictures in pixels (default: the largest)")
    parser.add_argument(
        "--picture-format", type=PictureFormat, choices=list(PictureFormat), default=PictureFormat.PNG
    )
    parser.add_argument(
        "--shard-pictures", type=int, default=SHARD_PICTURES, help="pictures per tar or Parquet file"
    )
    given = parser.parse_args(arguments)
    if given.shard_pictures < 1:
        raise UserError(f"--shard-pictures {given.shard_pictures}: give 1 or more")
    count = run(
        given.dataset,
        given.target,
        given.format,
        level=given.level,
        picture_format=given.picture_format,
        shard_pictures=given.shard_pictures,
    )
    logging.getLogger(__name__).info("%s: %d pictures", given.target, count)
