"""Forgetting: delete images and records, and set tombstones so that they never come back."""

import re
from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from crawler.lists.failed import check_failed, failed_in, forget_failed
from crawler.network.addresses import canonical_url, host_of
from crawler.plan.journal import rewrite
from crawler.store.image_files import ImageFiles
from crawler.store.marks import FORGOTTEN, digest_of
from crawler.store.own.held import held_store
from crawler.store.own.nameless import nameless_shards
from crawler.store.raw import KIND, raw_of, remove_from_raw
from crawler.store.recorded import read_recorded
from crawler.store.store import Store
from crawler.store.stored import StoredImage
from crawler.store.tombstones import Tombstones
from fashion_pggan.errors import ArgumentError, UserError
from fashion_pggan.storage.hashes import hash_memory
from fashion_pggan.storage.records import RawImage
from fashion_pggan.storage.targets import HeldTarget, hold_target

NEXT = """Run `dvc repro` to remove them from the dataset. To remove them everywhere: commit tombstones.jsonl;
run `dvc gc --workspace` (and --cloud) to drop old versions of data/raw and data/curated from DVC's cache;
delete runs/curate; retrain the models that were trained with these images."""


class Gone(NamedTuple):
    """What `forget` has deleted."""

    stored: int  # records of the store
    raw: int  # records of the crawl's outcome
    elsewhere: list[str]  # SHA-256 of images that stay under other addresses
    nameless: int  # files of images that no record named


def forget(
    tombstones: Tombstones, store: Path, raw: Path, urls: list[str], hosts: list[str], hashes: list[str]
) -> Gone:
    """Set tombstones, then delete what they forbid.

    Raises:
        ArgumentError: a value is no URL, host or SHA-256; nothing was changed.
        UserError: a record names a file outside the store; nothing was changed.
    """
    digests = [digest_of(_checked_url(url)) for url in urls]
    names = [_checked_host(host) for host in hosts]
    sums = [_checked_sha256(value) for value in hashes]

    records = raw_of(raw)  # all of this raises before anything is set or deleted
    with held_store(store), _held(raw) as target:
        for file in failed_in(store):
            check_failed(file)
        stored = _recorded(store)
        known: list[StoredImage | RawImage] = [*stored, *records]
        shards = nameless_shards(store, stored)
        tombstones.add("url", digests)
        tombstones.add("host", names)
        tombstones.add("sha256", sums)
        with Store(store, tombstones) as opened:
            # with a tombstone for its URL, a later search costs no request
            tombstones.add("url", [digest_of(image.url) for image in known if tombstones.forbid_image(image)])
            gone = opened.remove(tombstones.forbid_image)
            nameless = opened.remove_nameless(shards)
        for file in sorted(store.glob("plan-*.jsonl")):
            rewrite(file, [file], lambda line: without_forgotten(line, tombstones))
        forget_failed(store, tombstones.forbid)
        hashes_left = {image.sha256 for image in opened.images.values()}
        elsewhere = sorted({image.sha256 for image in gone} & hashes_left)
        nowhere = {image.sha256 for image in gone} - hashes_left | tombstones.of["sha256"]
        of_raw = remove_from_raw(target, tombstones.forbid_image, nowhere) if target else 0
        return Gone(len(gone), of_raw, elsewhere, nameless)


def _recorded(store: Path) -> Collection[StoredImage]:
    """The records of a store.

    Raises:
        UserError: records are damaged or gone, and images are there that these may have named.
    """
    found = read_recorded(store)
    with hash_memory() as memory:
        nameless = ImageFiles(store, memory).nameless({image.file for image in found.images.values()})
    if nameless and (found.lost or not found.images):
        raise UserError(
            f"{len(nameless)} images in {store} have no record, and records are damaged or missing: run the "
            "crawl again, which fetches what it has lost, then forget; nothing was changed"
        )
    return found.images.values()


def _held(raw: Path) -> AbstractContextManager[HeldTarget | None]:
    """Hold data/raw, if there is one; a file of the user's in it is refused before anything is deleted."""
    return hold_target(raw, KIND) if raw.is_dir() else nullcontext()


def without_forgotten(line: dict[str, Any], tombstones: Tombstones) -> dict[str, Any] | None:
    """A journal's line without what has a tombstone; the plan stays the same."""
    if (url := line.get("lost", line.get("failing"))) and tombstones.forbid(url):
        return None
    for result in line.get("results") or ():
        title, link = 1, 2  # of Result's values
        try:
            url = canonical_url(result[link])
        except ValueError:
            continue
        if tombstones.forbid(url):
            result[title], result[link], result[-1] = "", FORGOTTEN + digest_of(url), ""
    return line


def _checked_url(url: str) -> str:
    try:
        return canonical_url(url)
    except ValueError as error:
        raise ArgumentError(f"--url {url}: give a URL, as records.parquet has it") from error


def _checked_host(host: str) -> str:
    try:
        name = host_of(host)
    except ValueError:
        name = ""
    if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:.]+", name):
        raise ArgumentError(
            f"--host {host}: give a name such as example.org, without http:// and without a port"
        )
    return name


def _checked_sha256(value: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", value.lower()):
        raise ArgumentError(f"--sha256 {value}: give 64 hexadecimal digits, as records.parquet has them")
    return value.lower()
