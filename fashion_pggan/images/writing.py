"""Images with their facts as files that others load: ImageFolder, WebDataset, Parquet.

Names and columns that loaders expect: docs/how-to/load-and-export.md. The same images give the same bytes.
"""

import io
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from PIL import Image

from fashion_pggan.storage.files import atomic_write, write_bytes
from fashion_pggan.storage.shards import Images
from fashion_pggan.storage.tables import write_table

GROUP_ROWS = 100  # images in a row group of Parquet, few so that a reader holds few at once
FOLDER_IMAGES = 1000  # images in one folder of an ImageFolder
SPLIT_NAMES = ("train", "validation", "test")  # in the order in which they are written and read
HF_TYPES = {pa.string(): "string", pa.int64(): "int64", pa.float64(): "float64", pa.bool_(): "bool"}


class ImageFormat(StrEnum):
    """How an image is encoded."""

    PNG = "png"  # exact
    WEBP = "webp"  # exact too: smaller, slower to write
    JPEG = "jpeg"  # quality 95 with full colour resolution: not exact


SUFFIXES = {ImageFormat.PNG: "png", ImageFormat.WEBP: "webp", ImageFormat.JPEG: "jpg"}
OPTIONS: Mapping[ImageFormat, dict[str, Any]] = {
    ImageFormat.PNG: {"compress_level": 3},  # three times as fast as 6 for 7 % more bytes
    ImageFormat.WEBP: {"lossless": True},
    ImageFormat.JPEG: {"quality": 95, "subsampling": 0},
}


@dataclass(frozen=True)
class Exported:
    """An image ready to be written."""

    key: str  # unique, without a dot: of a curated image the SHA-256 of its original
    data: bytes  # encoded
    suffix: str  # of a file with these bytes, without the dot
    facts: dict[str, Any]  # columns of the manifest
    folder: str = "images"  # for its file in an ImageFolder: the label, where there are labels

    @property
    def name(self) -> str:
        """A file name."""
        return f"{self.key}.{self.suffix}"


def encoded(pixels: Images, image_format: ImageFormat) -> bytes:
    """An image as a file's bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, image_format.value, **OPTIONS[image_format])
    return buffer.getvalue()


def write_imagefolder(
    folder: Path, images: Iterator[Exported], schema: pa.Schema, total: int, shard: int, split: str = ""
) -> None:
    """A file per image and metadata.jsonl, a row per image; its `file_name` leads to the file.

    With a split, all of it lies in a folder of that name.
    """
    with atomic_write(folder / split / "metadata.jsonl") as metadata:
        for index, image in enumerate(images):
            name = f"{image.folder}/{index // FOLDER_IMAGES:05d}/{image.name}"
            write_bytes(folder / split / name, image.data)
            metadata.write(_json({"file_name": name} | image.facts) + b"\n")


def write_webdataset(
    folder: Path, images: Iterator[Exported], schema: pa.Schema, total: int, shard: int, split: str = ""
) -> None:
    """Tar files of `shard` images each: per image its file, then its facts as JSON."""
    for number in range(-(-total // shard)):
        with (
            atomic_write(folder / f"{split or SPLIT_NAMES[0]}-{number:05d}.tar") as file,
            tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar,
        ):
            for image in islice(images, shard):
                _add(tar, image.name, image.data)
                _add(tar, f"{image.key}.json", _json(image.facts))


def write_parquet(
    folder: Path, images: Iterator[Exported], schema: pa.Schema, total: int, shard: int, split: str = ""
) -> None:
    """Parquet files of `shard` images each: the column `image` holds a file's bytes and its name."""
    image = pa.field("image", pa.struct({"bytes": pa.binary(), "path": pa.string()}))
    columns = pa.schema([image, *schema], metadata={"huggingface": json.dumps(_features(schema))})
    files = -(-total // shard)
    for number in range(files):
        path = folder / f"data/{split or SPLIT_NAMES[0]}-{number:05d}-of-{files:05d}.parquet"
        mine = islice(images, shard)
        write_table(path, _tables(mine, columns), columns)


def _tables(images: Iterator[Exported], columns: pa.Schema) -> Iterator[pa.Table]:
    while group := list(islice(images, GROUP_ROWS)):
        rows = [{"image": {"bytes": one.data, "path": one.name}} | one.facts for one in group]
        yield pa.Table.from_pylist(rows, schema=columns)


class Format(StrEnum):
    """For which loader images are written."""

    IMAGEFOLDER = "imagefolder"
    WEBDATASET = "webdataset"
    PARQUET = "parquet"


# (folder, images, columns of their facts, how many images, images per file, split; empty: no splits)
WRITERS: Mapping[Format, Callable[[Path, Iterator[Exported], pa.Schema, int, int, str], None]] = {
    Format.IMAGEFOLDER: write_imagefolder,
    Format.WEBDATASET: write_webdataset,
    Format.PARQUET: write_parquet,
}

DATA_FILES: Mapping[Format, str] = {  # of a split, for the header of a card
    Format.IMAGEFOLDER: "{split}/**",
    Format.WEBDATASET: "{split}-*.tar",
    Format.PARQUET: "data/{split}-*.parquet",
}


def _json(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False).encode()


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)  # no owner, and the year 1970
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def _features(schema: pa.Schema) -> dict[str, Any]:
    """What Hugging Face `datasets` reads its column types from."""
    values = {field.name: {"dtype": HF_TYPES[field.type], "_type": "Value"} for field in schema}
    return {"info": {"features": {"image": {"_type": "Image"}} | values}}
