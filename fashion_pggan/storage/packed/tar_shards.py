"""Tar shards as WebDataset reads them, named by their SHA-256: `shards/<sha256>.tar`.

The same images in the same order give the same bytes. A shard never changes: another one takes its place.
"""

import re
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.bounded.tar import entries_of
from fashion_pggan.storage.files import atomic_write, sha256_of
from fashion_pggan.storage.packed.in_shard import InShard
from fashion_pggan.storage.record_folder import RecordFolder

FOLDER = "shards"  # below a folder of raw images
NAME = re.compile(rf"{FOLDER}/(?P<sha256>[0-9a-f]{{64}})\.tar")
NEW = f"{FOLDER}/new.tar"  # while it is written
BLOCK = 512  # bytes
END = bytes(2 * BLOCK)  # of a tar file


class Named(NamedTuple):
    """An image to pack."""

    name: str  # in the shard: its SHA-256 and its type, `<sha256>.jpg`
    data: bytes


class Packed(NamedTuple):
    """Where a packed image is."""

    file: str  # the shard's path below the folder, with slashes
    offset: int  # bytes
    size: int  # bytes


def write_shards(folder: Path, images: Iterable[Named], most: int) -> dict[str, Packed]:
    """Pack images into new shards.

    Args:
        folder: that `shards` lies in.
        images: in the order of the shards, with distinct names.
        most: bytes of a shard, unless one image is larger.

    Returns:
        The place of each image, by its SHA-256.
    """
    places: dict[str, Packed] = {}
    left = iter(images)
    image = next(left, None)
    while image is not None:
        members: dict[str, tuple[int, int]] = {}
        with atomic_write(folder / NEW) as file:
            while image is not None and (not members or file.tell() + taken_by([len(image.data)]) <= most):
                file.write(_header(image))
                members[sha256_in(image.name)] = file.tell(), len(image.data)
                file.write(image.data + bytes(-len(image.data) % BLOCK))
                image = next(left, None)
            file.write(END)
        name = f"{FOLDER}/{sha256_of(folder / NEW)}.tar"
        (folder / NEW).replace(folder / name)
        places |= {sha256: Packed(name, *place) for sha256, place in members.items()}
    return places


def images_in(shard: Path) -> dict[str, InShard]:
    """The place of each image in a shard, by its name there.

    Raises:
        UserError: it is not a tar file.
        OSError: it cannot be read.
    """
    try:
        size = shard.stat().st_size
        return {
            entry.name: InShard(shard, entry.offset_data, entry.size) for entry in entries_of(shard, size)
        }
    except (tarfile.TarError, ValueError) as error:
        raise UserError(
            f"{shard} is not a tar file of images ({one_line(error)}): run dvc repro --force crawl, which "
            "writes it again"
        ) from error


def shards_in(folder: Path) -> list[str]:
    """The shards of a folder, by their paths below it; none where `shards` is a link to somewhere else."""
    files = RecordFolder(folder, links=True)
    found = (f"{FOLDER}/{path.name}" for path in (folder / FOLDER).glob("*.tar") if path.is_file())
    return sorted(name for name in found if NAME.fullmatch(name) and files.holds(name))


def sha256_in(name: str) -> str:
    """The SHA-256 in the name of an image or a shard."""
    return PurePosixPath(name).name.partition(".")[0]


def taken_by(sizes: Iterable[int]) -> int:
    """Bytes of a shard with images of these sizes."""
    return sum(map(_packed, sizes)) + len(END)


def _packed(size: int) -> int:
    return BLOCK + size + -size % BLOCK


def _header(image: Named) -> bytes:
    entry = tarfile.TarInfo(image.name)  # no owner, mode 644, and the year 1970
    entry.size = len(image.data)
    return entry.tobuf(tarfile.USTAR_FORMAT)
