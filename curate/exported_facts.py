"""What an export says about each image besides the manifest: measures, near-duplicates, split, licence."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate.copies.splits import HASHES, SPLITS, Splits, first_files, groups_of
from fashion_pggan.errors import UserError
from fashion_pggan.storage.proof.folder_mark import check_marked
from fashion_pggan.storage.records import CuratedImage
from fashion_pggan.storage.tables import UNREADABLE, open_table

MEASURES = "measures.parquet"
OWN = {
    "group": pa.string(),  # the smallest SHA-256 of all files that show the same, dropped ones included
    "copies": pa.int64(),  # how many files were dropped as copies of this image
    "copy_kinds": pa.string(),  # how they differ from it
    "copy_bits": pa.int64(),  # of 256 in which the hash of the farthest differs; null without any
    "label": pa.string(),  # of `curate.labels`; in a dataset without any, the style, else the query
    "split": pa.string(),
    "licence": pa.string(),
}


@dataclass(frozen=True)
class ExportedFacts:
    """Further columns of an export, and their values by SHA-256."""

    columns: pa.Schema
    facts: Mapping[str, dict[str, Any]]


def exported_facts(
    dataset: Path, rows: Iterable[CuratedImage], splits: Splits | None, licence: str
) -> ExportedFacts:
    """The facts that a dataset has of its images, for an export.

    Args:
        dataset: a curated dataset.
        rows: of its manifest.
        splits: shares of the groups; None: as curation decided, or else the usual shares.
        licence: of all images; empty when it is not known.
    """
    found, columns = measured(dataset / MEASURES, set(CuratedImage.model_fields))
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    farthest: dict[str, int] = {}
    labels: dict[str, tuple[str, str]] = {}  # and what stands for it in a dataset without any
    decided: dict[str, str] = {}  # the split by curation
    rows = list(rows)
    for row in rows:
        if row.kept:
            labels[row.sha256], decided[row.sha256] = (row.label, row.style or row.query), row.split
        elif row.duplicate_of:
            kinds[row.duplicate_of][row.duplicate_kind] += 1
            farthest[row.duplicate_of] = max(farthest.get(row.duplicate_of, 0), row.duplicate_bits or 0)
    first, labelled = first_files(rows), any(label for label, _ in labels.values())
    groups = groups_of(first, _hashes(found))
    facts = {
        name: found.get(name, {})
        | {
            "group": groups[name],
            "copies": kinds[name].total(),
            "copy_kinds": ", ".join(sorted(filter(None, kinds[name]))),
            "copy_bits": farthest.get(name),
            "label": labels[name][0 if labelled else 1],
            "split": (not splits and decided[name]) or (splits or SPLITS).of(groups[name]),
            "licence": licence,
        }
        for name in first
    }
    return ExportedFacts(pa.schema([*columns, *(pa.field(name, kind) for name, kind in OWN.items())]), facts)


def measured(path: Path, left_out: set[str]) -> tuple[dict[str, dict[str, Any]], list[pa.Field]]:
    """Numbers, texts and hashes of a table of measures, by SHA-256, and their columns."""
    check_marked(path)
    if not path.is_file():
        return {}, []
    try:
        with open_table(path, foreign=True) as file:
            columns = [
                pa.field(field.name, pa.string()) if field.name in HASHES else field.remove_metadata()
                for field in file.schema
                if field.name not in left_out and (field.name in HASHES or not pa.types.is_binary(field.type))
            ]
            names = ["sha256", *(column.name for column in columns)]
            rows = [row for batch in file.batches(names) for row in batch.to_pylist()]
    except UNREADABLE as error:
        raise UserError(f"{path} cannot be read ({error}): run dvc repro curate") from error
    return {row.pop("sha256"): _in_hexadecimal(row) for row in rows}, columns


def _in_hexadecimal(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}


def _hashes(measured: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[bytes, bytes]]:
    return {
        name: (bytes.fromhex(facts["phash"]), bytes.fromhex(facts["phash_mirrored"]))
        for name, facts in measured.items()
        if facts.get("phash")
    }
