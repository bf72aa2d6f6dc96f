"""Showing: take one image out of data/raw, with what its records say."""

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from crawler.network.addresses import canonical_url
from crawler.store.raw import RECORDS, raw_of
from crawler.store.stored import extension_of
from fashion_pggan.errors import ArgumentError, UserError
from fashion_pggan.storage.bounded.plain_file import read_bytes
from fashion_pggan.storage.escaped import printable_lines
from fashion_pggan.storage.files import LAST_CHECKS, check_there, write_bytes
from fashion_pggan.storage.packed.in_shard import InShard
from fashion_pggan.storage.records import RawImage

DIGITS = re.compile(r"[0-9a-f]{6,64}")  # a SHA-256, or its beginning as contact sheets have it


def show(name: str, raw: Path, out: Path | None) -> str:
    """Write an image as it was received, and return what is known of it.

    Args:
        name: its URL, or its SHA-256 or the beginning of that.
        raw: data/raw.
        out: the file to write; None: one in the working folder, named by the SHA-256.

    Raises:
        ArgumentError: no image or several have that name.
        UserError: the image is damaged, or another file has the name of the new one.
    """
    found = _found(name, raw)
    record = found[0]
    place = InShard(raw / record.file, record.offset, record.size)
    data = place.read_bytes()
    if sha256(data).hexdigest() != record.sha256:
        raise UserError(
            f"{place}, {record.sha256}, is not what was fetched, by its SHA-256: run the crawl stage again, "
            "which fetches it again (dvc repro --force crawl)"
        )
    file = out or Path(record.sha256 + extension_of(data))
    _check_free(file, data)
    LAST_CHECKS[file.absolute()] = lambda: _check_free(file, data)
    write_bytes(file, data)
    facts = [("written to", file), ("bytes", f"{record.size:,}, from {place}"), *_facts(found)]
    return printable_lines(f"{what:12} {value}" for what, value in facts)


def _check_free(file: Path, data: bytes) -> None:
    """Make sure that writing bytes to a file destroys no others, now or when it is written.

    Raises:
        UserError: it would.
    """
    try:
        is_other = file.exists() and read_bytes(file, len(data)) != data
    except UserError:  # larger, or a pipe
        is_other = True
    if is_other:
        raise UserError(f"{file} is another file: move it away, or give another OUT")


def _found(name: str, raw: Path) -> Sequence[RawImage]:
    """The records of one image."""
    check_there(raw, "a crawl's output, such as data/raw")
    records = raw_of(raw)
    if not records:
        raise UserError(f"no records at {raw / RECORDS}: run the stage that writes them first (dvc repro)")
    digits = name.lower()
    if DIGITS.fullmatch(digits):
        found = [record for record in records if record.sha256.startswith(digits)]
    else:
        url = _canonical(name)
        found = [record for record in records if url in (record.url, _canonical(record.final_url))]
    images = {record.sha256 for record in found}
    if not images:
        raise ArgumentError(f"{name}: {raw / RECORDS} has no such image: give a URL or a SHA-256 that it has")
    if len(images) > 1:
        raise ArgumentError(f"{name} names {len(images)} images of {raw / RECORDS}: give more of it")
    return found


def _canonical(url: str) -> str:
    try:
        return canonical_url(url)
    except ValueError:
        return url


def _facts(records: Sequence[RawImage]) -> list[tuple[str, str]]:
    facts = [("SHA-256", records[0].sha256)]
    for each in records:
        facts += [("url", each.url), ("title", each.title), ("query", each.query), ("page", each.source)]
        facts += [("crawled at", each.crawled_at)]
    return [(what, value) for what, value in facts if value]
