"""The raw images: a crawl's records, or every file of a plain folder."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from curate.source.locations import below
from curate.workers.local import Each
from fashion_pggan.errors import UserError
from fashion_pggan.storage.building import scratch_folder
from fashion_pggan.storage.files import check_there, sha256_of
from fashion_pggan.storage.hashes import HashMemory, hash_memory
from fashion_pggan.storage.packed.in_shard import InShard, Member, damaged_in, place_of
from fashion_pggan.storage.record_folder import RecordFolder
from fashion_pggan.storage.records import RawImage, read_records

RECORDS = "records.parquet"  # in a crawl's folder
CRAWLED = re.compile(  # how a crawl names its shards and, in a former version, single images
    r"shards/[0-9a-f]{64}\.tar|images/([0-9a-f]{2})/\1[0-9a-f]{62}(?:\.[a-z]+)?"
)

Image = Path | InShard  # a file, or a part of one


@dataclass(frozen=True)
class Raw:
    """A raw image: its file, and where it came from when a crawl's records say so."""

    sha256: str
    file: str  # path below the source, of the image or of the shard that holds it
    offset: int = 0  # bytes, in the shard; 0: the file is the image
    size: int = 0  # bytes, in the shard
    url: str = ""
    title: str = ""
    query: str = ""
    provider: str | None = None  # None for a plain folder
    crawled_at: str = ""  # UTC, ISO 8601
    label: str = ""  # that its record, its folder's list or a classifier gives; empty: none
    label_source: str = "record"  # what gives it
    label_votes: str = ""  # how many queries or rows give which label: `hoodie 3, shirt 1`; empty: not known


def raw_images(source: Path, each: Each) -> list[Raw]:
    """The images that a crawl's records list, or every file of a folder without records.

    In a plain folder every file is read for its SHA-256; the workers do this on shared storage.

    Raises:
        UserError: there is no such folder; the records do not fit the images: some are missing or lie outside
            the folder, a crawl's images have no records; or a file cannot be read.
    """
    check_there(source, "a crawl's output or a folder of images")
    if (source / RECORDS).is_file():
        return _recorded(source)
    if source.is_file():
        raise UserError(f"{source} is a file: give a folder of images")
    paths = list(_visible(source))
    if any(CRAWLED.fullmatch(below(path, source)) for path in paths):
        raise UserError(
            f"{source} holds the images of a crawl, but no {RECORDS}: run the crawl stage again (dvc repro "
            "--force crawl), or copy the images to a folder of their own"
        )
    RecordFolder(source).tell_links(below(path, source) for path in paths)
    hashes = map(_hash_of, paths) if isinstance(source, PurePath) else each(sha256_of, paths)
    return [
        Raw(sha256, below(path, source))
        for path, sha256 in zip(paths, hashes, strict=True)
        if sha256 is not None
    ]


def image_of(raw: Raw, source: Path) -> Image:
    """Where to read a raw image."""
    return place_of(source / raw.file, raw.offset, raw.size)


def changed(images: Mapping[str, Image]) -> UserError:
    """The error for images, by the SHA-256 that their bytes do not have."""
    sha256, place = next(iter(images.items()))
    what = f"{sha256} in {place}" if isinstance(place, InShard) else place
    return UserError(
        f"{len(images)} images are not what their records say, by their SHA-256; the first is {what}: "
        "run the crawl stage again, which fetches them again (dvc repro --force crawl)"
    )


def check_unchanged(files: Mapping[str, Image]) -> None:
    """Make sure that files have their SHA-256. A file is read once, and again when it may have changed.

    Files on shared storage are not read here: they are checked when they are used.

    Raises:
        UserError: some do not.
    """
    with hash_memory() as memory:
        if damaged := dict(_damaged(files, memory)):
            raise changed(damaged)


def _damaged(files: Mapping[str, Image], memory: HashMemory) -> Iterator[tuple[str, Image]]:
    """The local ones whose bytes do not have their SHA-256."""
    shards: dict[Path, dict[Member, InShard]] = defaultdict(dict)
    for sha256, image in files.items():
        if isinstance(image, InShard):
            shards[image.shard][Member(image.offset, image.size, sha256)] = image
        elif isinstance(image, PurePath) and not memory.matches(image, sha256):
            yield sha256, image
    for shard, members in shards.items():
        if isinstance(shard, PurePath):
            yield from ((one.sha256, members[one]) for one in damaged_in(shard, members, memory))


def _recorded(source: Path) -> list[Raw]:
    records, folder = _records_of(source), RecordFolder(source, links=True)
    for record in records:
        folder.check(record)
    present = {below(path, source) for path in source.rglob("*")}
    missing = [record.file for record in records if record.file not in present]
    if missing:
        raise UserError(
            f"{len(missing)} images of {source / RECORDS} are missing, the first is {missing[0]}: "
            "run the crawl stage again (dvc repro --force crawl)"
        )
    _check_ends(records, source)
    nameless = sorted(filter(CRAWLED.fullmatch, present - {record.file for record in records}))
    if nameless:
        raise UserError(
            f"{len(nameless)} files of a crawl in {source} have no record in {RECORDS}, the first is "
            f"{nameless[0]}: move them away, or to a folder of their own that you curate"
        )
    return list(map(_raw_of, records))


def _raw_of(record: RawImage) -> Raw:
    return Raw(
        sha256=record.sha256,
        file=record.file,
        offset=record.offset,
        size=record.size,
        url=record.url,
        title=record.title,
        query=record.query,
        provider=record.provider,
        crawled_at=record.crawled_at,
        label=record.label,
        label_votes=record.label_votes,
    )


def _records_of(source: Path) -> list[RawImage]:
    if isinstance(source, PurePath):
        return read_records(source / RECORDS, RawImage)
    with scratch_folder() as here:  # of shared storage: tables are read from a disk
        (here / RECORDS).write_bytes((source / RECORDS).read_bytes())
        return read_records(here / RECORDS, RawImage)


def _check_ends(records: Iterable[RawImage], source: Path) -> None:
    """Make sure that each image ends within its shard."""
    ends: dict[str, int] = defaultdict(int)
    for record in records:
        if record.offset:
            ends[record.file] = max(ends[record.file], record.offset + record.size)
    for file, end in ends.items():
        if (size := (source / file).stat().st_size) < end:
            raise UserError(
                f"{source / file} has {size:,} bytes, but {RECORDS} has images in it up to byte {end:,}: "
                "run the crawl stage again (dvc repro --force crawl)"
            )


def _visible(source: Path) -> Iterator[Path]:
    """The files of a folder, without hidden ones and those in hidden folders."""
    for path in source.rglob("*"):
        if path.is_file() and not any(part.startswith(".") for part in below(path, source).split("/")):
            yield path


def _hash_of(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror}): make it readable, or move it out of the folder"
        ) from error
