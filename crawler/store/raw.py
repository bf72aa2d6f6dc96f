"""data/raw, the outcome of a crawl: the images that its search found, with a record of each."""

from collections.abc import Callable, Iterable
from pathlib import Path

from crawler.store.image_files import link_files
from crawler.store.items import SearchHit
from crawler.store.recorded import IMAGES
from crawler.store.store import Store
from crawler.store.stored import StoredImage
from fashion_pggan.errors import UserError, one_line
from fashion_pggan.storage.proof.folder_mark import Written
from fashion_pggan.storage.record_folder import RecordFolder
from fashion_pggan.storage.records import RawImage, read_records, write_records
from fashion_pggan.storage.tables import table_fault
from fashion_pggan.storage.targets import HeldTarget, Kind

RECORDS = "records.parquet"
MEND = "run dvc repro --force crawl, which replaces all of it, or move it away"


def written_in(folder: Path) -> Written | str:
    """The files that the records of a crawl's outcome name, see `Kind`."""
    if not (folder / RECORDS).exists():
        has_images = (folder / IMAGES).is_dir()
        return f"it has images, but no {RECORDS}: {MEND}" if has_images else Written(frozenset())
    try:
        fault = table_fault(folder / RECORDS)
        files = {} if fault else {record.file: record.sha256 for record in raw_of(folder)}
    except UserError as error:
        fault = one_line(error)
    if fault:
        return f"its {RECORDS} is damaged ({fault}): {MEND}"
    return Written(frozenset([*files, RECORDS]), files)


KIND = Kind("the outcome of a crawl", written_in)


def write_raw(
    target: HeldTarget, store: Store, hits: Iterable[SearchHit], provider: str
) -> list[StoredImage]:
    """Replace `target`: records.parquet with a row per fetched URL, and the files that it names.

    Returns:
        The images of the records; when there are none, nothing is written.
    """
    stored = ((hit, store.find(hit.url)) for hit in hits)
    had = [(hit, facts) for hit, facts in stored if facts is not None]
    files = {facts.file: facts for _, facts in had}.values()
    if had:
        with target.replaced() as folder:
            link_files(store.folder, folder, files)
            records = (record_of(hit, facts, provider) for hit, facts in had)
            write_records(folder / RECORDS, records, RawImage)
        store.files.remember(files)
    return [facts for _, facts in had]


def record_of(hit: SearchHit, stored: StoredImage, provider: str) -> RawImage:
    """The record of an image: its search result in this crawl, and the facts of its fetch."""
    return RawImage(
        title=hit.title,
        query=hit.query,
        plan_query=hit.plan_query,
        provider=provider,
        rank=hit.rank,
        declared_width=hit.width,
        declared_height=hit.height,
        source=hit.source,
        **stored.model_dump(),
    )


def raw_of(target: Path) -> list[RawImage]:
    """The records of data/raw; none when there are none.

    Raises:
        UserError: a record's file lies outside `target`.
    """
    records = read_records(target / RECORDS, RawImage) if (target / RECORDS).is_file() else []
    _paths_of(records, target)
    return records


def remove_from_raw(target: Path, unwanted: Callable[[RawImage], bool]) -> int:
    """Delete images and their records from data/raw; returns the number of deleted records."""
    records = raw_of(target)
    left = [record for record in records if not unwanted(record)]
    if len(left) < len(records):
        for path in _paths_of(records, target) - _paths_of(left, target):
            path.unlink(missing_ok=True)
        write_records(target / RECORDS, left, RawImage)
    return len(records) - len(left)


def _paths_of(records: Iterable[RawImage], target: Path) -> set[Path]:
    files = RecordFolder(target, IMAGES, links=True)
    return {files.path_of(record) for record in records}
