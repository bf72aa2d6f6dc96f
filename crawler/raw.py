"""The crawl's outcome: a folder of the pictures that its searches found, their records, and its figures."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crawler.items import FoundPicture, record_of
from crawler.store import Store, link_files
from fashion_pggan.errors import UserError
from fashion_pggan.files import replace_directory
from fashion_pggan.manifest import RawPicture, write_records


@dataclass
class Tally:
    """What a crawl has counted so far."""

    calls: int = 0  # of the search API, repeated ones too
    fetched: int = 0  # pictures downloaded now
    reused: int = 0  # pictures that were in the store already
    failed: Counter[str] = field(default_factory=Counter)  # by reason

    def reasons(self) -> str:
        """The failures for people: `HTTP_404 3, TIMEOUT 1`."""
        return ", ".join(f"{reason} {count}" for reason, count in self.failed.most_common())


def summary_of(figures: dict[str, Any]) -> str:
    """A crawl's figures in one line for people."""
    failed = ", ".join(f"{reason} {count}" for reason, count in figures["failed"].items())
    return (
        f"{figures['pictures']} pictures of {figures['products']} found: {figures['fetched']} fetched, "
        f"{figures['reused']} in the store before, {failed or 'none'} failed"
    )


def write_raw(
    target: Path, store: Store, found: Iterable[FoundPicture], provider: str, tally: Tally
) -> dict[str, Any]:
    """Make `target` anew: records.parquet, a row per distinct address, and the files they name.

    Returns:
        The figures of the crawl, without its duration.

    Raises:
        UserError: there is nothing to write.
    """
    pictures = list(found)
    stored = ((picture, store.find(picture.url)) for picture in pictures)
    records = [record_of(picture, facts, provider) for picture, facts in stored if facts is not None]
    if not records:
        raise UserError(
            f"none of the {len(pictures)} pictures found could be fetched ({tally.reasons()}): "
            "mend what the reasons name, or wait, and run again"
        )
    sizes = {record.file: record.size for record in records}
    with replace_directory(target) as folder:
        link_files(store.folder, folder, sizes)
        write_records(folder / "records.parquet", records, RawPicture)
    return {
        "provider": provider,
        "products": len(pictures),
        "calls": tally.calls,
        "pictures": len(records),
        "files": len(sizes),
        "fetched": tally.fetched,
        "reused": tally.reused,
        "failed": dict(sorted(tally.failed.items())),
        "bytes": sum(sizes.values()),
    }
