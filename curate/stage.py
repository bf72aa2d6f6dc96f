"""The curate stage: raw images in; a dataset with its manifest, facts and descriptions out."""

import json
import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

import pyarrow as pa
import pyarrow.compute as pc

from curate.copies.splits import TEST, with_splits
from curate.decide import capped, decide, labelled, nothing_left, records_of, voted
from curate.known.asked import Labelled, asks_for_styles
from curate.known.banners import reader_of
from curate.known.known import Known
from curate.known.worn import detector_of, warn
from curate.overrides import KEEP, Override, read_overrides
from curate.reasons import Reason
from curate.report.describe import DATASHEET, KEPT, describe
from curate.report.given_answers import take_over
from curate.report.label_table import conflicts, kept_apart, label_counts, tell_labels
from curate.source.labels import with_classes, with_metadata, without_metadata
from curate.source.locations import reading
from curate.source.origins import origins_of
from curate.source.raw import Image, Raw, image_of, raw_images
from curate.workers.cluster import on_cluster
from curate.workers.local import Each, locally
from fashion_pggan.cores import usable_cores
from fashion_pggan.errors import UserError
from fashion_pggan.params import CurateParams
from fashion_pggan.storage.files import write_text
from fashion_pggan.storage.locks import exclusive
from fashion_pggan.storage.outputs import check_outside
from fashion_pggan.storage.proof.listing import listed
from fashion_pggan.storage.records import CuratedImage, write_records
from fashion_pggan.storage.shards import ShardWriter
from fashion_pggan.storage.tables import write_table
from fashion_pggan.storage.targets import Kind, hold_target

MANIFEST = "manifest.parquet"
MEASURES = "measures.parquet"
NONE = Override("")
KIND = Kind("a dataset", taken_over=frozenset({DATASHEET}))

log = logging.getLogger(__name__)


def run(
    source: Path,
    target: Path,
    params: CurateParams,
    *,
    report: Path | None = None,
    plots: Path | None = None,
    workers: int | None = None,
    knowledge: Path,
    answers: Path | None = None,
    overrides: Path | None = None,
) -> Counter[str]:
    """Make a dataset.

    Images are ordered by SHA-256, so the order of the crawl and the workers do not change the result.

    Args:
        source: a crawl's output, or any folder of images.
        target: folder for the shards, the index, the manifest and the facts; replaced as a whole.
        params: the curate section.
        report: where to write the figures as JSON.
        plots: folder for the counts that `dvc plots` shows.
        workers: processes; by default one per core.
        knowledge: folder of what earlier runs found out about images; it outlives `target`.
        answers: file of answers to the datasheet's questions; may be missing. Those that a person wrote into
            the datasheet in `target` are added to it.
        overrides: file of a person's decisions about single images; may be missing.

    Returns:
        How many images were kept (under `kept`) or dropped (under the reason).

    Raises:
        UserError: there are no images, or every image was dropped.
    """
    began = time.monotonic()
    warn(params)
    decided = read_overrides(overrides) if overrides else {}
    who = _said_by(params)
    each = workers_of(params, workers)
    if params.cluster and isinstance(source, PurePath):
        source = source.absolute()  # workers run in other folders
    if knowledge.is_file():
        raise UserError(f"{knowledge} is a file: give --knowledge a folder")
    if isinstance(source, Path) and source.is_dir():
        check_outside(knowledge, [source])
    apart = [knowledge, *(path for path in (source, report, plots) if isinstance(path, PurePath))]
    with hold_target(target, KIND, apart) as held, reading(source), exclusive(knowledge), listed(knowledge):
        answered = take_over(target / DATASHEET, answers)
        images = _sorted_images(source, each, params)
        files = {raw.sha256: image_of(raw, source) for raw in reversed(images)}
        known = Known(knowledge, params, each, {name for name in decided if decided[name].decision == KEEP})
        facts = known.facts_of(files)
        rows = _decided(images, facts, files, known, params, decided)
        _tell(overrides, decided, rows)
        known.reduce({row.sha256: files[row.sha256] for row in rows if row.kept})
        with held.replaced() as building:
            version = _write(building, rows, facts, known, params)
            about = origins_of(images), params, who, kept_apart(rows, facts, params)
            describe(building, files, rows, *about, each=each, plots=plots, answers=answered)
    if report:
        made = {"version": version, "decoded": known.decoded}
        spent = {"seconds": round(time.monotonic() - began, 1)}
        write_text(report, json.dumps(_figures(rows, facts, params, who) | made | spent, indent=1) + "\n")
    return _outcomes(rows)


def workers_of(params: CurateParams, workers: int | None) -> Each:
    """The workers that read and decode: a Dask cluster if curate.cluster names one, else local processes."""
    if params.cluster:
        return on_cluster(params.cluster)
    return locally(workers or usable_cores())


def _sorted_images(source: Path, each: Each, params: CurateParams) -> list[Raw]:
    images = sorted(raw_images(source, each), key=lambda raw: (raw.sha256, raw.url, raw.file))
    if not without_metadata(images):
        raise UserError(
            f"no images in {source}: give a folder that holds some, or run the crawl stage first (dvc repro "
            "crawl)"
        )
    said = with_metadata(images, source) if params.labels else images
    return without_metadata(said)


def _decided(
    images: Sequence[Raw],
    facts: pa.Table,
    files: Mapping[str, Image],
    known: Known,
    params: CurateParams,
    overrides: Mapping[str, Override],
) -> list[CuratedImage]:
    """The manifest's records of all images; at least one is kept."""

    def measured(kind: type, names: Sequence[str]) -> pa.Table:
        return known.measured(kind, {name: files[name] for name in names})

    if params.labels and params.label_classifier:
        images = with_classes(images, _said_of(facts, files, known), params)
    decisions = decide([raw.sha256 for raw in images], facts, params, known.facts_folder, measured, overrides)
    voting = voted(images, decisions, params)
    decisions = labelled(images, decisions, voting, params, overrides)
    decisions = capped(images, decisions, voting, params.label_cap, overrides)
    rows = list(records_of(images, decisions, voting, facts, params))
    if params.labels:
        tell_labels(images, rows, params)
    rows = with_splits(rows, facts, params.held_out)
    outcomes = _outcomes(rows)
    if not outcomes[KEPT]:
        raise UserError(nothing_left(outcomes, params))
    return rows


def _said_of(facts: pa.Table, files: Mapping[str, Image], known: Known) -> dict[str, tuple[str, float]]:
    """What the user's classifier says of each image that was decoded, and its score."""
    seen = facts.filter(pc.is_valid(facts["pixels_hash"]))["sha256"].to_pylist()
    rows = known.measured(Labelled, {name: files[name] for name in seen}).to_pylist()
    said = {row.pop("sha256"): Labelled(**row) for row in rows}
    return {name: (one.said_label, one.said_score) for name, one in said.items()}


def _tell(path: Path | None, overrides: Mapping[str, Override], rows: Sequence[CuratedImage]) -> None:
    """Say which decisions of a person have no effect, and which formats are not opened."""
    left = overrides.keys() - {row.sha256 for row in rows}
    if left:
        log.warning("%s: %d images are not in the source (forgotten, or never there)", path, len(left))
    failed = [row for row in rows if row.reason and overrides.get(row.sha256, NONE).decision == KEEP]
    for row in failed:
        log.warning("%s: %s cannot be kept: %s", path, row.sha256, row.reason)
    closed = Counter(row.format for row in rows if row.reason == Reason.UNSUPPORTED_FORMAT)
    if closed:
        said = ", ".join(f"{name} {count}" for name, count in closed.most_common())
        log.info("formats that are never opened: %s", said)


def _outcomes(rows: Sequence[CuratedImage]) -> Counter[str]:
    return Counter(row.reason or KEPT for row in rows)


def _write(
    building: Path, rows: Sequence[CuratedImage], facts: pa.Table, known: Known, params: CurateParams
) -> str:
    """Write the dataset into an empty folder and return its version."""
    writer = ShardWriter(
        building, params.resolution, params.shard_images, list(params.labels), params.held_out
    )
    for row in rows:
        if row.kept:
            place = writer.add(known.levels.read(row.sha256), row.label, held_out=row.split == TEST)
            assert place == (row.shard, row.row)
    version = writer.finish()
    write_records(building / MANIFEST, rows, CuratedImage, without=_unused(params))
    write_table(building / MEASURES, facts, facts.schema)
    return version


def _unused(params: CurateParams) -> list[str]:
    """Columns of the manifest that these parameters do not fill."""
    of_labels = [] if params.labels else ["label_source", "label_votes"]
    return [*of_labels, *([] if params.held_out else ["split"])]


def _said_by(params: CurateParams) -> tuple[str, str]:
    """Who says what is worn, and what is a banner; empty where nobody asks."""
    styles = asks_for_styles(params)
    worn = detector_of(params) if styles else ""
    return worn, reader_of(params) if styles or params.max_banner < 1 else ""


def _figures(
    rows: Sequence[CuratedImage], facts: pa.Table, params: CurateParams, said_by: tuple[str, str]
) -> dict[str, object]:
    """The figures that `dvc metrics` shows."""
    outcomes = _outcomes(rows)
    shown = Counter(row.style for row in rows if row.kept)
    worn_by, banners_by = said_by
    styles = {"styles": dict(shown.most_common()), "worn_by": worn_by}
    return {
        "images": len(rows),
        "kept": outcomes[KEPT],
        "dropped": {reason: count for reason, count in outcomes.most_common() if reason != KEPT},
        **(styles if worn_by else {}),
        **({"banners_by": banners_by} if banners_by else {}),
        **(
            {"labels": label_counts(rows, params), "label_conflicts": conflicts(rows)}
            if params.labels
            else {}
        ),
        **({"held_out": sum(row.split == TEST for row in rows)} if params.held_out else {}),
        "profiles_ignored": sum(facts["profile_ignored"].to_pylist()),
        "resolution": params.resolution,
    }
