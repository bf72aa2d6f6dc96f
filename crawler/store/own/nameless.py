"""Files of a store that no record names: which of them this program may delete.

Before the store deletes files, it lists them in `.going.json`; after a kill, the next run deletes these. Any
other shard without a record may be the user's, unless all of its images have records elsewhere.
"""

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from crawler.store.stored import StoredImage
from fashion_pggan.errors import UserError
from fashion_pggan.storage.bounded.plain_file import read_text
from fashion_pggan.storage.files import file_fault, write_text
from fashion_pggan.storage.hashes import hashed_json, values_of
from fashion_pggan.storage.packed.in_shard import Member, members_found
from fashion_pggan.storage.packed.tar_shards import FOLDER, NAME, images_in, sha256_in, shards_in, taken_by
from fashion_pggan.storage.record_folder import RecordFolder

GOING = ".going.json"
MOST = 1 << 30  # bytes of that file
SINGLE = re.compile(r"images/([0-9a-f]{2})/\1[0-9a-f]{62}(?:\.[a-z]+)?")
FOREIGN = "no record names it, and it holds images that have no record"


def note_going(folder: Path, paths: Iterable[Path]) -> None:
    """List the files that will be deleted as soon as no record names them."""
    names = sorted(path.relative_to(folder).as_posix() for path in paths)
    write_text(folder / GOING, hashed_json({"files": names}))


def going(folder: Path) -> list[str]:
    """The files that a killed run was about to delete; none where their list is damaged."""
    try:
        names = values_of(read_text(folder / GOING, MOST)).get("files")
    except (OSError, ValueError):
        return []
    files = RecordFolder(folder, "images", FOLDER)
    return [
        name
        for name in (names if isinstance(names, list) else ())
        if isinstance(name, str) and (NAME.fullmatch(name) or SINGLE.fullmatch(name)) and files.holds(name)
    ]


def finish_going(folder: Path, named: Collection[str]) -> None:
    """Delete what a killed run was about to delete, unless a record names it."""
    for name in going(folder):
        if name not in named:
            (folder / name).unlink(missing_ok=True)
    (folder / GOING).unlink(missing_ok=True)


def nameless_shards(folder: Path, images: Collection[StoredImage]) -> list[Path]:
    """The shards without a record that a killed run left: all of their images have records elsewhere.

    Raises:
        UserError: there is a shard that holds something else.
    """
    named, known = {image.file for image in images}, {image.sha256 for image in images}
    left = [folder / name for name in shards_in(folder) if name not in named.union(going(folder))]
    for shard in left:
        if fault := shard_fault(shard, known):
            raise UserError(
                f"{shard} may be yours: {fault}: move it away, or merge the store that it is from "
                "(fashion-pggan crawl merge); nothing was changed"
            )
    return left


def shard_fault(shard: Path, known: Collection[str]) -> str:
    """Why a shard without a record is not one that a killed run left; empty if it is.

    Args:
        shard: its path.
        known: SHA-256 of all images that have records.
    """
    if fault := file_fault(shard, sha256_in(shard.name)):
        return fault
    try:
        inside = images_in(shard)
    except UserError:
        return "it is not a tar file of images"
    members = [Member(place.offset, place.size, sha256_in(name)) for name, place in inside.items()]
    is_ours = taken_by(one.size for one in members) == shard.stat().st_size
    are_known = all(one.sha256 in known for one in members)
    return "" if is_ours and are_known and [*members_found(shard, members)] == members else FOREIGN
