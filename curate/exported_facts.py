"""What an export says about each image besides the manifest: measures, near-duplicates, split, licence."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curate.copies.groups import best_of_groups
from curate.copies.hash_search import close_pairs
from curate.copies.splits import Splits
from fashion_pggan.errors import UserError
from fashion_pggan.storage.proof.folder_mark import check_marked
from fashion_pggan.storage.records import CuratedImage
from fashion_pggan.storage.tables import UNREADABLE, open_table

MEASURES = "measures.parquet"
HASHES = ("phash", "phash_mirrored")  # written in hexadecimal; other bytes are not exported
NEAR_BITS = 32  # of 256: images this near to each other are in one group, whatever their colours
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
    dataset: Path, rows: Iterable[CuratedImage], splits: Splits, licence: str
) -> ExportedFacts:
    """The facts that a dataset has of its images, for an export.

    Args:
        dataset: a curated dataset.
        rows: of its manifest.
        splits: shares of the groups.
        licence: of all images; empty when it is not known.
    """
    found, columns = measured(dataset / MEASURES, set(CuratedImage.model_fields))
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    farthest: dict[str, int] = {}
    first: dict[str, str] = {}  # of a kept image and its copies
    labels: dict[str, tuple[str, str]] = {}  # and what stands for it in a dataset without any
    for row in rows:
        if row.kept or row.duplicate_of:
            kept = row.duplicate_of or row.sha256
            first[kept] = min(first.get(kept, row.sha256), row.sha256)
            if row.kept:
                labels[kept] = row.label, row.style or row.query
            else:
                kinds[kept][row.duplicate_kind] += 1
                farthest[kept] = max(farthest.get(kept, 0), row.duplicate_bits or 0)
    groups, labelled = _joined(first, found), any(label for label, _ in labels.values())
    facts = {
        name: found.get(name, {})
        | {
            "group": groups[name],
            "copies": kinds[name].total(),
            "copy_kinds": ", ".join(sorted(filter(None, kinds[name]))),
            "copy_bits": farthest.get(name),
            "label": labels[name][0 if labelled else 1],
            "split": splits.of(groups[name]),
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


def _joined(first: Mapping[str, str], measured: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The group of each kept image; images in other colours and mirrored ones are in one group."""
    names = sorted(first, key=lambda name: first[name])
    hashed = [name for name in names if measured.get(name, {}).get("phash")]
    groups = dict(first)
    if not hashed:
        return groups
    words = {which: np.stack([_words(measured[name][which]) for name in hashed]) for which in HASHES}
    new = np.ones(len(hashed), bool)
    pairs = [close_pairs(words["phash"], words[which], new, NEAR_BITS) for which in HASHES]
    for name, best in zip(hashed, best_of_groups(len(hashed), np.concatenate(pairs), []), strict=True):
        groups[name] = first[hashed[best]]
    return groups


def _words(hexadecimal: str) -> Any:
    return np.frombuffer(bytes.fromhex(hexadecimal), np.uint64)
