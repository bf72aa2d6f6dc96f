"""Records: one row per image, in Parquet files that pandas and DuckDB read in one line."""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from fashion_pggan.errors import UserError
from fashion_pggan.storage.tables import UNREADABLE, open_table, write_table

GROUP_ROWS = 2048  # of a row group, all of which a damaged byte loses
ARROW_TYPES: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
}


class Record(BaseModel):
    """One row: flat, immutable, of strings, integers, floats and booleans, each of which may be None."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


R = TypeVar("R", bound=Record)
Place = Annotated[int, Field(ge=0, le=2**48)]  # bytes
Size = Annotated[int, Field(ge=0, le=2**32)]  # bytes


class RawImage(Record):
    """An image as the crawl stored it."""

    sha256: str  # of the bytes as received
    file: str  # the tar shard that holds it: a path below the folder of the manifest
    url: str  # its address, in one spelling
    title: str  # without tags
    query: str  # that found it
    provider: str  # who answered the search: `crawl.provider`
    rank: int  # in the query's results, from 1
    declared_width: int | None  # pixels, as the search result says
    declared_height: int | None  # pixels, likewise
    crawled_at: str  # UTC, ISO 8601
    content_type: str  # as the server said; may be empty or wrong
    size: Size  # of the image
    offset: Place = 0  # of its first byte in `file`; 0: the file is the image, as a former version wrote it
    source: str = ""  # the page that shows it, where the search says so
    plan_query: str = ""  # query, sort and size filter of the call that found it
    final_url: str = ""  # its final address, after redirects
    redirects: str = ""  # the addresses that redirected, separated by blanks
    status: int = 200  # of HTTP
    etag: str = ""  # of the answer, as the server gave it
    last_modified: str = ""  # likewise
    robots_tag: str = ""  # X-Robots-Tag
    opt_out: str = ""  # the signal by which its owner refuses, e.g. `noai`
    attempts: int = 1  # requests that it took
    crawl_id: str = ""  # of the crawl that fetched it
    broken_off: bool = False  # whether its transfer broke off behind its last byte; no column where none did
    label: str = ""  # that most of its queries give, or its list; no column where no image has one
    label_votes: str = ""  # how many queries, or rows, give which label: `hoodie 3, shirt 1`; likewise


class CuratedImage(Record):
    """What curation decided about a raw image."""

    sha256: str  # of the file's bytes
    file: str  # path below the folder of raw images
    kept: bool  # whether it is in the dataset
    reason: str  # why it was dropped; empty when kept
    duplicate_of: str  # sha256 of the image kept in its place; empty unless the reason is DUPLICATE
    style: str  # how the garment is shown, the most likely; empty when not asked for or not decoded
    width: int | None  # pixels, upright; None when it could not be decoded
    height: int | None  # pixels, likewise
    crop_left: (
        int | None
    )  # pixels in the upright image; None when it was not decoded; may lie outside, where it is padded
    crop_top: int | None  # pixels, likewise
    crop_side: int | None  # pixels, of the square
    shard: int | None  # where its pixels lie in the dataset
    row: int | None  # in that shard
    url: str  # provenance, empty for a plain folder
    title: str  # of the product, as the search said
    query: str  # that found it
    duplicate_kind: str = ""  # how it is a copy: bytes, pixels, near, … (explanation/near-duplicates.md)
    duplicate_bits: int | None = None  # of 256 in which their hashes differ, aligned or not; None: linked
    format: str = ""  # of the file, by its first bytes: JPEG, HEIC, SVG, …; empty when it is no image
    overruled: str = ""  # what the rules said where a person said otherwise: a reason, or `kept`
    label: str = ""  # of `curate.labels`; empty: none
    label_source: str = ""  # record, query, folder or classifier; without `curate.labels` no column
    label_votes: str = ""  # how many files that show the same say which label: `hoodie 3, shirt 1`
    split: str = ""  # train, or test: held out of training; empty unless kept, and without `curate.held_out`


class GeneratedImage(Record):
    """An image that a generator made, and all that is needed to make it again."""

    seed: int  # of the latent vectors
    latent_index: int  # of its latent vector
    truncation: float  # 1: none
    snapshot: str  # its file's name without the ending
    snapshot_sha256: str  # of its file
    kimg: float  # thousand images shown to the snapshot's training
    params_hash: str  # of the training's parameters
    dataset_version: str  # of the training's dataset
    nearest_index: int | None  # of the nearest training image in the dataset; None: not looked for
    nearest_mirrored: bool | None  # whether its mirror image is the near one
    nearest_distance: float | None  # root mean square difference in grey levels of 255
    nearest_bits: int | None  # of 256 in which the hashes of what both show differ; None where linked
    critic_score: float | None  # higher is more real; None: not asked for
    label: str = ""  # that the generator was given; only of a training with labels


def write_records(
    path: Path,
    records: Iterable[Record],
    kind: type[Record],
    *,
    group_rows: int = GROUP_ROWS,
    without: Collection[str] = (),
) -> None:
    """Write `records`, all of class `kind`, to a Parquet file in one step, with few rows in memory.

    Args:
        path: the file.
        records: its rows.
        kind: of the records.
        group_rows: rows of a row group, all of which a damaged byte loses.
        without: columns to leave out.
    """
    schema = pa.schema([field for field in schema_of(kind) if field.name not in without])
    left = iter(records)

    def tables() -> Iterator[pa.Table]:
        while group := [record.model_dump() for record in islice(left, group_rows)]:
            yield pa.Table.from_pylist(group, schema=schema)

    write_table(path, tables(), schema)


def read_records(path: Path, kind: type[R]) -> list[R]:
    """Read what `write_records` wrote.

    Raises:
        UserError: the file is not there, is damaged, or was not written by this version of the program.
    """
    return list(iterate_records(path, kind))


def iterate_records(path: Path, kind: type[R]) -> Iterator[R]:
    """Read what `write_records` wrote, a few rows at a time; raises what `read_records` raises."""
    if not path.is_file():
        raise UserError(f"no records at {path}: run the stage that writes them first (dvc repro)")
    try:
        with open_table(path, foreign=True) as file:  # early versions wrote no seal
            for batch in file.batches():
                for row in batch.to_pylist():
                    yield kind(**row)
    except UNREADABLE as error:
        raise UserError(
            f"{path} cannot be read as {kind.__name__} records ({error}): delete it and run dvc repro"
        ) from error


def schema_of(kind: type[Record]) -> pa.Schema:
    """The columns of a table of records."""
    fields = []
    for name, field in kind.model_fields.items():
        choices = [kind for kind in get_args(field.annotation) if kind is not type(None)]
        fields.append(pa.field(name, ARROW_TYPES[choices[0] if choices else field.annotation]))
    return pa.schema(fields)
