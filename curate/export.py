"""A curated dataset in the form that another program loads, with the provenance of each image."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.copies.splits import Splits
from curate.exported_card import Header
from curate.exported_facts import exported_facts
from fashion_pggan.cores import usable_cores
from fashion_pggan.errors import ArgumentError, UserError
from fashion_pggan.images.writing import (
    SPLIT_NAMES,
    SUFFIXES,
    WRITERS,
    Exported,
    Format,
    ImageFormat,
    encoded,
)
from fashion_pggan.params.curate import NO_LABEL
from fashion_pggan.program import hash_of
from fashion_pggan.progress import Progress
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.escaped import markdown
from fashion_pggan.storage.files import sha256_of, write_text
from fashion_pggan.storage.proof.folder_mark import check_marked
from fashion_pggan.storage.records import CuratedImage, iterate_records, schema_of
from fashion_pggan.storage.shards import Dataset, levels_up_to
from fashion_pggan.storage.targets import Kind, check_target, replace_target

MANIFEST = "manifest.parquet"
DATASHEET = "datasheet.md"
MARK = ".export.json"  # in a folder that an export may replace
KIND = Kind("an export")
SHARD_IMAGES = 1000
BATCH = 64  # images held at once
DECISIONS = frozenset(
    {"kept", "reason", "duplicate_of", "duplicate_kind", "duplicate_bits", "shard", "row", "split"}
    | {"label", "label_source", "label_votes"}
)  # not exported; label and split come with the facts


def run(
    source: Path,
    target: Path,
    form: Format,
    *,
    level: int | None = None,
    image_format: ImageFormat = ImageFormat.PNG,
    shard_images: int = SHARD_IMAGES,
    splits: Splits | None = None,
    licence: str = "",
) -> int:
    """Write a dataset in a form that other programs load, with the provenance of each image.

    Args:
        source: a curated dataset.
        target: folder to make; an export that is there is replaced as a whole.
        form: the loader that will read it.
        level: side of the images in pixels; the largest by default.
        image_format: how each is encoded.
        shard_images: images per tar or Parquet file.
        splits: shares of the images for validation and test; None: as curation decided, else a tenth each.
        licence: of all images; empty when it is not known.

    Returns:
        How many images were written.

    Raises:
        UserError: there is no dataset, it has no such level, or `target` holds something else.
    """
    check_target(target, KIND, [source])  # before anything is read
    dataset = Dataset(source)
    level = level or dataset.resolution
    levels = levels_up_to(dataset.resolution)
    if level not in levels:
        raise UserError(f"no level of {level} px in {source}: give one of {', '.join(map(str, levels))}")
    with replace_target(target, KIND, [source]) as building:
        more = exported_facts(source, _records(source), splits, licence)
        _check_count(dataset, len(more.facts))
        columns = pa.schema([*_columns(), *more.columns])
        counts = Counter(str(facts["split"]) for facts in more.facts.values())
        for split in _present(counts):
            images = _exported(dataset, level, image_format, more.facts, split)
            WRITERS[form](building, images, columns, counts[split], shard_images, split)
        content = hash_of([dataset.version, level, image_format, more.facts, sha256_of(source / MANIFEST)])
        said = Header(
            dataset.version, licence, content, form, SUFFIXES[image_format], _present(counts), columns
        )
        write_text(building / "README.md", said.text() + _sheet(source, dataset.version))
        if Dataset(source).version != dataset.version:
            raise UserError(f"{source} changed during the export: run the same command again")
        facts = {"form": form, "level": level, "images": len(dataset), "version": dataset.version}
        write_text(building / MARK, json.dumps(facts | {"image_format": image_format}) + "\n")
    return len(dataset)


def _present(counts: Mapping[str, int]) -> list[str]:
    """The splits that have images."""
    return [split for split in SPLIT_NAMES if counts.get(split)]


def _records(source: Path) -> Iterator[CuratedImage]:
    check_marked(source / MANIFEST)
    return iterate_records(source / MANIFEST, CuratedImage)


def _sheet(source: Path, version: str) -> str:
    sheet = source / DATASHEET
    check_marked(sheet)
    return read_text(sheet) if sheet.is_file() else f"# Dataset {markdown(version)}\n"


def _columns() -> pa.Schema:
    return pa.schema([field for field in schema_of(CuratedImage) if field.name not in DECISIONS])


def check_shares(source: Path, validation: float, test: float) -> None:
    """Make sure that no image that training never sees becomes one to train on.

    Raises:
        ArgumentError: the shares for validation and test are less than what curation holds out.
    """
    held_out = Dataset(source).held_out_share
    if validation + test < held_out:
        raise ArgumentError(
            f"--validation {validation:g} and --test {test:g} are less than what curation holds out "
            f"of training: give {held_out:g} together at least, or leave both out"
        )


def _exported(
    dataset: Dataset, level: int, image_format: ImageFormat, more: Mapping[str, dict[str, Any]], split: str
) -> Iterator[Exported]:
    """Every image of a split, encoded on all cores, in the order of the manifest."""
    chosen = {name for name, facts in more.items() if facts["split"] == split}
    kept = (row for row in _records(dataset.folder) if row.kept and row.sha256 in chosen)
    with (
        ThreadPoolExecutor(usable_cores()) as pool,
        Progress(f"exporting {split}", len(chosen), "images") as progress,
    ):
        while rows := list(islice(kept, BATCH)):
            pixels = dataset.images(_indices(dataset, rows), level)
            files = pool.map(lambda image: encoded(image, image_format), pixels)
            for row, data in zip(rows, files, strict=True):
                facts = row.model_dump(exclude=set(DECISIONS)) | more[row.sha256]
                folder = row.label or (NO_LABEL if dataset.label_names else "images")
                yield Exported(row.sha256, data, SUFFIXES[image_format], facts, folder)
            progress.advance(len(rows))


def _check_count(dataset: Dataset, count: int) -> None:
    if count != len(dataset):
        raise UserError(
            f"{dataset.folder / MANIFEST} has {count} images, the index {len(dataset)}: run dvc repro curate"
        )


def _indices(dataset: Dataset, rows: Sequence[CuratedImage]) -> list[int]:
    """Where the rows' images lie in the dataset."""
    return [int(dataset.starts[row.shard]) + row.row for row in rows]  # type: ignore[operator]  # a kept row has both
