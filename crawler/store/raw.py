"""data/raw, the outcome of a crawl: the images that its search found, with a record of each."""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from crawler.store.image_files import named_at
from crawler.store.items import SearchHit
from crawler.store.recorded import IMAGES
from crawler.store.store import Store
from crawler.store.stored import StoredImage
from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.files import link_or_copy, make_folder
from fashion_pggan.storage.hashes import hash_memory
from fashion_pggan.storage.packed.in_shard import InShard
from fashion_pggan.storage.packed.tar_shards import (
    FOLDER,
    NAME,
    NEW,
    Named,
    Packed,
    images_in,
    sha256_in,
    shards_in,
    taken_by,
    write_shards,
)
from fashion_pggan.storage.proof.folder_mark import Written
from fashion_pggan.storage.record_folder import RecordFolder
from fashion_pggan.storage.records import RawImage, read_records, write_records
from fashion_pggan.storage.tables import table_fault
from fashion_pggan.storage.targets import HeldTarget, Kind

RECORDS = "records.parquet"
MEND = "run dvc repro --force crawl, which replaces all of it, or move it away"

Shas = Collection[str]  # SHA-256 of images

log = logging.getLogger(__name__)


def written_in(folder: Path) -> Written | str:
    """The files that the records of a crawl's outcome name, see `Kind`; shards have their hash as name."""
    if not (folder / RECORDS).exists():
        has_images = (folder / IMAGES).is_dir() or (folder / FOLDER).is_dir()
        return f"it has images, but no {RECORDS}: {MEND}" if has_images else Written(frozenset())
    try:
        fault = table_fault(folder / RECORDS)
        files = {} if fault else {record.file: record.sha256 for record in raw_of(folder)}
    except UserError as error:
        fault = one_line(error)
    if fault:
        return f"its {RECORDS} is damaged ({fault}): {MEND}"
    single = {name: sha256 for name, sha256 in files.items() if not NAME.fullmatch(name)}
    return Written(frozenset([*files, NEW, RECORDS]), single)


KIND = Kind("the outcome of a crawl", written_in)


def write_raw(
    target: HeldTarget, store: Store, hits: Iterable[SearchHit], provider: str, most: int, refused: Shas = ()
) -> list[StoredImage]:
    """Replace `target`: records.parquet with a row per fetched URL, and the shards of their images.

    The store packs what is new. Its shards are linked, byte for byte, where half of each is wanted. All other
    images go into shards of the target's own, in the order of their SHA-256.

    Args:
        target: data/raw.
        store: has the images.
        hits: the search results.
        provider: who gave them.
        most: bytes of a shard.
        refused: URLs of stored images that may not be there.

    Returns:
        The images of the records; when there are none, nothing is written.
    """
    found = [hit for hit in hits if store.find(hit.url) is not None]
    if not found:
        return []
    store.pack(most)
    had = [(hit, store.images[hit.url]) for hit in found]
    wanted = {facts.sha256: facts for _, facts in sorted(had, key=lambda one: one[1].sha256)}
    with target.replaced() as folder:
        make_folder(folder / FOLDER)
        places = _linked(store, folder, wanted, _lasting(store, refused))
        new = (_named(store, image) for sha256, image in wanted.items() if sha256 not in places)
        places |= write_shards(folder, new, most)
        records = (record_of(hit, facts, provider, places[facts.sha256]) for hit, facts in had)
        unused = _unused((hit for hit, _ in had), (facts for _, facts in had))
        write_records(folder / RECORDS, records, RawImage, without=unused)
    return [facts for _, facts in had]


def _unused(
    records: Iterable[SearchHit | RawImage], facts: Iterable[StoredImage | RawImage]
) -> tuple[str, ...]:
    """The columns to leave out: those that say nothing of any image."""
    labels = () if any(record.label for record in records) else ("label", "label_votes")
    return labels if any(image.broken_off for image in facts) else (*labels, "broken_off")


def record_of(hit: SearchHit, stored: StoredImage, provider: str, place: Packed | None = None) -> RawImage:
    """The record of an image: its search result in this crawl, the facts of its fetch, and its place."""
    facts: dict[str, Any] = stored.model_dump(exclude={"product"}) | (place._asdict() if place else {})
    return RawImage(
        title=hit.title,
        query=hit.query,
        plan_query=hit.plan_query,
        provider=provider,
        rank=hit.rank,
        declared_width=hit.width,
        declared_height=hit.height,
        source=hit.source,
        label=hit.label,
        label_votes=hit.label_votes,
        **facts,
    )


def raw_of(target: Path) -> list[RawImage]:
    """The records of data/raw; none when there are none.

    Raises:
        UserError: a record's file lies outside `target`.
    """
    records = read_records(target / RECORDS, RawImage) if (target / RECORDS).is_file() else []
    _paths_of(records, target)
    return records


def remove_from_raw(target: HeldTarget, unwanted: Callable[[RawImage], bool], hashes: Shas = ()) -> int:
    """Delete images and their records from data/raw; a shard that held one is written again without it.

    A new shard holds what the remaining records name, whatever the old one held or called it. Images whose
    bytes are not those of their records go, too.

    Args:
        target: data/raw, which is replaced in one step.
        unwanted: which records.
        hashes: images that no record names, but that a shard may still hold.

    Returns:
        The number of deleted records.
    """
    folder = target.folder
    records = raw_of(folder)
    left = [record for record in records if not unwanted(record)]
    gone = {record.sha256 for record in records} - {record.sha256 for record in left} | {*hashes}
    held = {record.file for record in records if record.sha256 in gone}
    holding = [name for name in shards_in(folder) if name in held or _holds_any(folder / name, gone)]
    if left == records and not holding:
        return 0
    with target.replaced() as new:
        make_folder(new / FOLDER)
        places = _rewritten(folder, new, holding, left)
        kept = [record for record in left if record.file not in holding or record.sha256 in places]
        moved = [
            record.model_copy(update=places[record.sha256]._asdict()) if record.file in holding else record
            for record in kept
        ]
        for name in {record.file for record in kept} - {*holding}:
            make_folder((new / name).parent)
            link_or_copy(folder / name, new / name)
        unused = _unused(moved, moved)
        write_records(new / RECORDS, moved, RawImage, without=unused)
    if lost := len(left) - len(kept):
        log.warning("%d images of %s were damaged and are gone: dvc repro fetches them again", lost, folder)
    return len(records) - len(left)


def _rewritten(
    folder: Path, new: Path, names: Collection[str], records: Iterable[RawImage]
) -> dict[str, Packed]:
    """Write shards again with the intact images of some records; returns the images' places, by SHA-256."""
    inside: dict[str, dict[str, RawImage]] = defaultdict(dict)
    for record in records:
        if record.file in names:
            inside[record.file][record.sha256] = record
    places: dict[str, Packed] = {}
    for name, images in inside.items():
        in_order = (images[sha256] for sha256 in sorted(images))
        named = (named_at(InShard(folder / name, one.offset, one.size), one.sha256) for one in in_order)
        places |= write_shards(new, filter(None, named), (folder / name).stat().st_size)
    return places


def _holds_any(shard: Path, hashes: Shas) -> bool:
    """Whether a shard names one of some images, or cannot tell what it holds."""
    if not hashes:
        return False
    named = _named_in(shard)
    return named is None or not named.isdisjoint(hashes)


def _named_in(shard: Path) -> set[str] | None:
    """The SHA-256 by which a shard names its images; None where it is no tar file of images."""
    try:
        return {sha256_in(name) for name in images_in(shard)}
    except UserError:
        return None


def _linked(
    store: Store, folder: Path, wanted: Mapping[str, StoredImage], lasting: Shas
) -> dict[str, Packed]:
    """Link the store's shards that may stay whole, and return the places of the wanted images in them."""
    inside: dict[str, dict[str, Packed]] = defaultdict(dict)
    for image in wanted.values():
        if image.offset:
            inside[image.file][image.sha256] = Packed(image.file, image.offset, image.size)
    places: dict[str, Packed] = {}
    allowed = {*wanted, *lasting}
    with hash_memory() as memory:
        for name, members in inside.items():
            shard = store.folder / name
            if memory.matches(shard, sha256_in(name)) and _stays(shard, members, allowed):
                link_or_copy(shard, folder / name)
                places |= members
    return places


def _stays(shard: Path, wanted: Mapping[str, Packed], allowed: set[str]) -> bool:
    """Whether half of a shard is wanted, and all of it allowed."""
    size, used = shard.stat().st_size, taken_by(place.size for place in wanted.values())
    if used == size:
        return True
    named = _named_in(shard) if 2 * used >= size else None
    return named is not None and named <= allowed


def _lasting(store: Store, refused: Shas) -> set[str]:
    """Images that may stay in a shard without a record: nobody forbids them."""
    return {
        image.sha256
        for url, image in store.images.items()
        if url not in refused and not image.opt_out and not store.tombstones.forbid_image(image)
    }


def _named(store: Store, image: StoredImage) -> Named:
    if named := store.files.named(image):
        return named
    raise UserError(
        f"{store.files.image_at(image)} has changed while it was packed: run the same command again"
    )


def _paths_of(records: Iterable[RawImage], target: Path) -> set[Path]:
    files = RecordFolder(target, IMAGES, FOLDER, links=True)
    return {files.path_of(record) for record in records}
