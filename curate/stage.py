"""The curate stage: raw images in; a dataset with a manifest, its facts and a report out."""

import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curate.copies.best import best_copies
from curate.facts.row import columns_of
from curate.judge import ADVICE, JUDGED, Reason, judge
from curate.known.known import Known
from curate.report.describe import DATASHEET, KEPT, SHEETS, describe
from curate.source.locations import below, reading
from curate.squares.crop import square_of
from curate.workers.cluster import on_cluster
from curate.workers.local import Each, locally
from fashion_pggan.errors import UserError
from fashion_pggan.params import CurateParams
from fashion_pggan.storage.files import (
    atomic_write,
    exclusive,
    sha256_of,
    write_text,
)
from fashion_pggan.storage.record_folder import RecordFolder
from fashion_pggan.storage.records import CuratedImage, RawImage, read_records, write_records
from fashion_pggan.storage.shards import INDEX, ShardWriter
from fashion_pggan.storage.targets import Kind, check_target, replace_target

RECORDS = "records.parquet"  # of a crawl
MANIFEST = "manifest.parquet"
MEASURES = "measures.parquet"
KIND = Kind(
    "a dataset",
    (
        *(re.escape(name) for name in (INDEX, MANIFEST, MEASURES, DATASHEET)),
        r"r\d{4,}/\d{5,}\.npy",
        rf"{SHEETS}/(?:{KEPT}|style-.*|{'|'.join(Reason)})\.png",
    ),
    needs=(INDEX, MANIFEST, MEASURES),
    marked=True,
)
SHOWN = [
    *("sha256", "width", "height", "pixels_hash", "style"),
    *("box_left", "box_top", "box_width", "box_height"),
]  # facts that the manifest needs


@dataclass(frozen=True)
class Raw:
    """A raw image: its file and where it came from."""

    sha256: str
    file: str  # path below the source
    url: str = ""
    title: str = ""
    query: str = ""


@dataclass(frozen=True)
class Decision:
    """What is done with an image."""

    reason: str  # why it is dropped; empty when it is kept
    original: str  # SHA-256 of the image kept in its place; empty unless the reason is DUPLICATE


def run(
    source: Path,
    target: Path,
    params: CurateParams,
    *,
    report: Path | None = None,
    plots: Path | None = None,
    workers: int | None = None,
    knowledge: Path,
) -> Counter[str]:
    """Make a dataset.

    The images' order is that of their SHA-256: it depends neither on the crawl's order nor on the workers.

    Args:
        source: a crawl's output, or any folder of images.
        target: folder for the shards, the index, the manifest and the facts; replaced as a whole.
        params: the curate section.
        report: where to write the figures as JSON.
        plots: folder for the counts that `dvc plots` shows.
        workers: processes; by default one per core.
        knowledge: folder of what is known of images from earlier runs; it outlives `target`.

    Returns:
        How many images were kept (under `kept`) or dropped (under the reason).

    Raises:
        UserError: there are no images, or none is left.
    """
    began = time.monotonic()
    each = workers_of(params, workers)
    if params.cluster and isinstance(source, PurePath):
        source = source.absolute()  # workers run in folders of their own
    beside = [knowledge, source] if isinstance(source, PurePath) else [knowledge]
    if knowledge.is_file():
        raise UserError(f"{knowledge} is a file: give a folder for what is known of images")
    check_target(target, KIND, beside)
    with reading(source), exclusive(knowledge):
        images = sorted(raw_images(source, each), key=lambda raw: (raw.sha256, raw.url, raw.file))
        if not images:
            raise UserError(f"no images in {source}: run the crawl stage first (dvc repro crawl)")
        files = {raw.sha256: source / raw.file for raw in reversed(images)}
        known = Known(knowledge, params, each)
        facts = known.facts_of(files)
        decisions = decide(facts, params, known.folder / f"facts-{known.measured_by}")
        rows = list(_rows(images, facts, decisions, params))
        outcomes = Counter(row.reason or "kept" for row in rows)
        if not outcomes["kept"]:
            raise UserError(_nothing_left(outcomes, params))
        known.reduce({name: files[name] for name, decision in decisions.items() if not decision.reason})
        with replace_target(target, KIND) as building:
            version = _write(building, rows, facts, known, params)
            describe(building, source, rows, params, each=each, plots=plots)
    if report:
        spent = {"version": version, "decoded": known.decoded, "seconds": round(time.monotonic() - began, 1)}
        write_text(report, json.dumps(_figures(rows, facts, known) | spent, indent=1) + "\n")
    return outcomes


def workers_of(params: CurateParams, workers: int | None) -> Each:
    """Who looks at images: a cluster when one is named, else processes here, by default one per core."""
    if params.cluster:
        return on_cluster(params.cluster)
    return locally(workers or os.cpu_count() or 1)


def raw_images(source: Path, each: Each) -> list[Raw]:
    """The images of a crawl by its records, or every file of a folder that has none.

    Without records every file is read for its SHA-256: on shared storage by the workers.

    Raises:
        UserError: an image of the records is missing, or lies outside.
    """
    if (source / RECORDS).is_file():
        records, files = read_records(source / RECORDS, RawImage), RecordFolder(source)
        for record in records:
            files.check(record)
        there = {below(path, source) for path in source.rglob("*")}
        missing = [record.file for record in records if record.file not in there]
        if missing:
            raise UserError(
                f"{len(missing)} images of {source / RECORDS} are missing, the first is {missing[0]}: "
                "run the crawl stage again (dvc repro --force crawl)"
            )
        return [Raw(record.sha256, record.file, record.url, record.title, record.query) for record in records]
    if source.is_file():
        raise UserError(f"{source} is a file: give a folder of images")
    found = [path for path in source.rglob("*") if path.is_file()]
    visible = [
        path for path in found if not any(part.startswith(".") for part in below(path, source).split("/"))
    ]
    hashes = map(_hash_of, visible) if isinstance(source, PurePath) else each(sha256_of, visible)
    return [
        Raw(sha256, below(path, source))
        for path, sha256 in zip(visible, hashes, strict=True)
        if sha256 is not None
    ]


def _hash_of(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise UserError(
            f"cannot read {path} ({error.strerror}): make it readable, or take it out of the folder"
        ) from error


def decide(facts: pa.Table, params: CurateParams, folder: Path) -> dict[str, Decision]:
    """What is done with each image, by its SHA-256: judged by itself, then as a copy of another usable one.

    Args:
        facts: of every image.
        params: the curate section.
        folder: where what takes long to find out about copies is kept.
    """
    columns = columns_of(facts.select(["sha256", *JUDGED]))
    reasons = judge(columns, params)
    usable = np.flatnonzero(reasons == "")
    best = usable[best_copies(facts, usable, params, folder)]
    reasons[usable[best != usable]] = Reason.DUPLICATE.value
    names = columns["sha256"]
    originals = dict(zip(names[usable], names[best], strict=True))
    return {
        str(name): Decision(str(reason), str(originals[name]) if reason == Reason.DUPLICATE else "")
        for name, reason in zip(names, reasons, strict=True)
    }


def _rows(
    images: Sequence[Raw], facts: pa.Table, decisions: Mapping[str, Decision], params: CurateParams
) -> Iterator[CuratedImage]:
    """A row for every raw image, in their order."""
    seen = {row["sha256"]: row for row in facts.select(SHOWN).to_pylist()}
    kept = 0
    before = ""
    for raw in images:
        decision = decisions[raw.sha256]
        if not decision.reason and raw.sha256 == before:  # another file with the same bytes
            decision = Decision(Reason.DUPLICATE.value, raw.sha256)
        before = raw.sha256
        place = (None, None) if decision.reason else divmod(kept, params.shard_images)
        kept += not decision.reason
        yield _record(raw, decision, seen[raw.sha256], place, params)


def _record(
    raw: Raw,
    decision: Decision,
    facts: Mapping[str, Any],
    place: tuple[int | None, int | None],
    params: CurateParams,
) -> CuratedImage:
    square = square_of(facts, params) if facts["pixels_hash"] else None
    return CuratedImage(
        sha256=raw.sha256,
        file=raw.file.encode("utf-8", "backslashreplace").decode(),  # names may be no UTF-8
        kept=not decision.reason,
        reason=decision.reason,
        duplicate_of=decision.original,
        style=facts["style"],
        width=facts["width"],
        height=facts["height"],
        crop_left=square.left if square else None,
        crop_top=square.top if square else None,
        crop_side=square.side if square else None,
        shard=place[0],
        row=place[1],
        url=raw.url,
        title=raw.title,
        query=raw.query,
    )


def _write(
    building: Path, rows: Sequence[CuratedImage], facts: pa.Table, known: Known, params: CurateParams
) -> str:
    """Write the dataset into an empty folder and return its version."""
    writer = ShardWriter(building, params.resolution, params.shard_images)
    for row in rows:
        if row.kept:
            place = writer.add(known.levels.read(row.sha256))
            assert place == (row.shard, row.row)
    version = writer.finish()
    write_records(building / MANIFEST, rows, CuratedImage)
    with atomic_write(building / MEASURES) as file:
        pq.write_table(facts, file, compression="zstd")
    return version


def _figures(rows: Sequence[CuratedImage], facts: pa.Table, known: Known) -> dict[str, object]:
    """What `dvc metrics` shows."""
    outcomes = Counter(row.reason or "kept" for row in rows)
    return {
        "images": len(rows),
        "kept": outcomes["kept"],
        "dropped": {reason: count for reason, count in outcomes.most_common() if reason != "kept"},
        "styles": dict(Counter(row.style for row in rows if row.kept).most_common()),
        "profiles_ignored": sum(facts["profile_ignored"].to_pylist()),
        "resolution": known.params.resolution,
    }


def _nothing_left(outcomes: Counter[str], params: CurateParams) -> str:
    counts = ", ".join(f"{reason} {count}" for reason, count in outcomes.most_common() if count)
    most = Reason(outcomes.most_common(1)[0][0])
    advice = ADVICE.get(most, "give other images").format(**params.model_dump())
    return f"all {outcomes.total()} images were dropped ({counts}): {advice}"
