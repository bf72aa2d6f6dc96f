"""The curate stage: raw pictures in; a data set with a manifest and a report out."""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from curate.dedupe import Seen
from curate.describe import describe
from curate.examine import Examined, examine_all
from curate.judge import ADVICE, Reason
from fashion_pggan.errors import UserError
from fashion_pggan.files import replace_directory, sha256_of, write_text
from fashion_pggan.manifest import CuratedPicture, RawPicture, read_records, write_records
from fashion_pggan.params import CurateParams
from fashion_pggan.progress import Progress
from fashion_pggan.shards import ShardWriter

RECORDS = "records.parquet"  # of a crawl
MANIFEST = "manifest.parquet"


@dataclass(frozen=True)
class Raw:
    """A raw picture: its file and where it came from."""

    sha256: str
    file: str  # path below the source
    url: str = ""
    title: str = ""
    query: str = ""


def run(
    source: Path,
    target: Path,
    params: CurateParams,
    *,
    report: Path | None = None,
    plots: Path | None = None,
    workers: int | None = None,
) -> Counter[str]:
    """Make a data set.

    The pictures' order is that of their SHA-256: it depends neither on the crawl's order nor on the workers.

    Args:
        source: a crawl's output, or any folder of pictures.
        target: folder for the shards, the index and the manifest; replaced as a whole.
        params: the curate section.
        report: where to write the facts as JSON.
        plots: folder for the counts that `dvc plots` shows.
        workers: processes; by default one per core.

    Returns:
        How many pictures were kept (under `kept`) or dropped (under the reason).

    Raises:
        UserError: there are no pictures, or none is left.
    """
    began, workers = time.monotonic(), workers or os.cpu_count() or 1
    pictures = sorted(raw_pictures(source), key=lambda raw: (raw.sha256, raw.url, raw.file))
    if not pictures:
        raise UserError(f"no pictures in {source}: run the crawl stage first (dvc repro crawl)")
    with replace_directory(target) as building:
        writer = ShardWriter(building, params.resolution, params.shard_pictures)
        rows = list(_curate(source, pictures, writer, params, workers))
        outcomes = Counter(row.reason or "kept" for row in rows)
        if not outcomes["kept"]:
            raise UserError(_nothing_left(outcomes, params))
        version = writer.finish()
        write_records(building / MANIFEST, rows, CuratedPicture)
        describe(building, source, rows, params, workers=workers, plots=plots)
    if report:
        facts = {
            "pictures": len(rows),
            "kept": outcomes["kept"],
            "dropped": {reason: count for reason, count in outcomes.most_common() if reason != "kept"},
            "resolution": params.resolution,
            "version": version,
            "seconds": round(time.monotonic() - began, 1),
        }
        write_text(report, json.dumps(facts, indent=1) + "\n")
    return outcomes


def raw_pictures(source: Path) -> list[Raw]:
    """The pictures of a crawl by its records, or every file of a folder that has none.

    Raises:
        UserError: a picture of the records is missing.
    """
    if (source / RECORDS).is_file():
        records = read_records(source / RECORDS, RawPicture)
        missing = [record.file for record in records if not (source / record.file).is_file()]
        if missing:
            raise UserError(
                f"{len(missing)} pictures of {source / RECORDS} are missing, the first is {missing[0]}: "
                "run the crawl stage again (dvc repro --force crawl)"
            )
        return [Raw(record.sha256, record.file, record.url, record.title, record.query) for record in records]
    files = (path for path in source.rglob("*") if path.is_file())
    visible = (
        path for path in files if not any(part.startswith(".") for part in path.relative_to(source).parts)
    )
    return [Raw(sha256_of(path), path.relative_to(source).as_posix()) for path in visible]


def _curate(
    source: Path, pictures: Sequence[Raw], writer: ShardWriter, params: CurateParams, workers: int
) -> Iterator[CuratedPicture]:
    """A row for every picture, in their order; usable ones go to the writer."""
    first_of: dict[str, Raw] = {}
    for raw in pictures:
        first_of.setdefault(raw.sha256, raw)
    results = examine_all([source / raw.file for raw in first_of.values()], params, workers)
    seen = Seen()
    with Progress("curating", len(pictures), "pictures") as progress:
        for raw in pictures:
            if raw is first_of[raw.sha256]:
                row = first = _row(raw, next(results), writer, seen)
            else:
                row = _copy_of(first, raw)
            progress.advance()
            yield row


def _row(raw: Raw, result: Examined, writer: ShardWriter, seen: Seen) -> CuratedPicture:
    if result.reason or result.levels is None:
        return _record(raw, result, reason=str(result.reason))
    original = seen.original_of(result.pixels_hash, raw.sha256)
    if original != raw.sha256:
        return _record(raw, result, reason=Reason.DUPLICATE.value, duplicate_of=original)
    shard, row = writer.add(result.levels)
    return _record(raw, result, shard=shard, row=row)


def _copy_of(first: CuratedPicture, raw: Raw) -> CuratedPicture:
    """The row of a file with the bytes of the one before it: dropped for the same reason, or a duplicate."""
    changed = {"file": raw.file, "url": raw.url, "title": raw.title, "query": raw.query}
    if first.kept:
        changed |= {"reason": Reason.DUPLICATE.value, "duplicate_of": first.sha256}
    return first.model_copy(update=changed | {"kept": False, "shard": None, "row": None})


def _record(
    raw: Raw,
    result: Examined,
    *,
    reason: str = "",
    duplicate_of: str = "",
    shard: int | None = None,
    row: int | None = None,
) -> CuratedPicture:
    return CuratedPicture(
        sha256=raw.sha256,
        file=raw.file,
        kept=not reason,
        reason=reason,
        duplicate_of=duplicate_of,
        width=result.header.width if result.header else None,
        height=result.header.height if result.header else None,
        crop_left=result.square.left if result.square else None,
        crop_top=result.square.top if result.square else None,
        crop_side=result.square.side if result.square else None,
        shard=shard,
        row=row,
        url=raw.url,
        title=raw.title,
        query=raw.query,
    )


def _nothing_left(outcomes: Counter[str], params: CurateParams) -> str:
    counts = ", ".join(f"{reason} {count}" for reason, count in outcomes.most_common() if count)
    most = Reason(outcomes.most_common(1)[0][0])
    advice = ADVICE.get(most, "give other pictures").format(**params.model_dump())
    return f"all {outcomes.total()} pictures were dropped ({counts}): {advice}"
