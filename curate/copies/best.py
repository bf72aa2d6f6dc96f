"""Which usable images are copies of which, and which copy is the best. Keeps the pairs between runs."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curate.copies.candidates import Fingerprints
from curate.copies.closer import CloserLook
from curate.copies.groups import (
    WITH_BANNER,
    Indices,
    Pairs,
    best_of_groups,
    enlarged,
    exact_copies,
    least_of,
    merits_of,
    most_of,
)
from curate.copies.pairs import copies_among
from curate.facts.detail import Detail
from curate.facts.evidence import Quality
from curate.facts.fingerprint import Fingerprint
from curate.facts.row import bytes_of, columns_of
from fashion_pggan.errors import one_line
from fashion_pggan.params import CurateParams
from fashion_pggan.program import hash_of, program_of
from fashion_pggan.storage.bounded.npz import arrays_in
from fashion_pggan.storage.files import atomic_write

QUALITY = ["width", "height", "format", "jpeg_quality", "size"]  # known of every image
PRINTS = [field.name for field in fields(Fingerprint)]
MOST_BYTES = 1 << 30  # of the pairs known: two names of 256 bytes each

# The table of a kind of facts (`curate.known.asked`) of images, by SHA-256 and sorted by it.
Measured = Callable[[type, Sequence[str]], pa.Table]

log = logging.getLogger(__name__)


def best_copies(
    facts: pa.Table,
    usable: npt.NDArray[np.int64],
    params: CurateParams,
    folder: Path,
    measured: Measured,
) -> npt.NDArray[np.int64]:
    """For each usable image the place in `usable` of its best copy, which may be itself.

    The search covers all images with pixels, so that another threshold needs no new search.

    Args:
        facts: of all images.
        usable: rows of `facts`.
        params: the curate section.
        folder: where the pairs found are kept.
        measured: asked for the detail and the quality of copies, and for a closer look at near ones.
    """
    shown = facts.select(["sha256", "pixels_hash", *QUALITY])
    columns = columns_of(shown)
    seen = np.flatnonzero(columns["pixels_hash"] != "")
    pairs = seen[exact_copies(columns["pixels_hash"][seen])]
    if params.near_bits:
        names = columns["sha256"][seen]
        pairs = np.concatenate([pairs, seen[_near(facts, seen, names, params, folder, measured)]])
    place = np.full(len(facts), -1)
    place[usable] = np.arange(len(usable))
    pairs = place[pairs]
    pairs = pairs[(pairs >= 0).all(axis=1)]
    chosen = {name: column[usable] for name, column in columns.items()}
    return best_among(chosen, pairs, measured)


def best_among(
    columns: Mapping[str, npt.NDArray[Any]], pairs: Pairs, measured: Measured
) -> npt.NDArray[np.int64]:
    """For each image the best of its group.

    Args:
        columns: sha256, pixels_hash and `QUALITY`, sorted by SHA-256; (n,) each.
        pairs: copies of each other, as (k, 2) indices below n.
        measured: asked for the detail and the quality of copies.
    """
    group = best_of_groups(len(columns["sha256"]), pairs, [])  # its first image names it
    facts = {**columns, **_detail(columns, group, measured)}
    facts["own"] = facts["width"] * facts["height"] * facts["own_share"]
    facts["worth"] = np.where(enlarged(facts, group), 0, facts["own"])
    return best_of_groups(len(group), pairs, merits_of(facts | _quality(facts, group, measured), group))


def _detail(
    columns: Mapping[str, npt.NDArray[Any]], group: Indices, measured: Measured
) -> dict[str, npt.NDArray[np.float64]]:
    """Own share and edges of the images in groups whose pixels differ. Else 0."""
    _, pixels = np.unique(columns["pixels_hash"], return_inverse=True)
    shown = pixels.astype(np.float64)
    asked = np.flatnonzero(least_of(shown, group) < most_of(shown, group))  # equal pixels are equally good
    return _measured_of(Detail, columns["sha256"], asked, measured)


def _quality(
    columns: Mapping[str, npt.NDArray[Any]], group: Indices, measured: Measured
) -> dict[str, npt.NDArray[np.float64]]:
    """Banner and sharpness of the images that may be the best of such groups. Else 0."""
    worth = columns["worth"]
    asked = np.flatnonzero((worth > 0) & (worth >= WITH_BANNER * most_of(worth, group)))
    return _measured_of(Quality, columns["sha256"], asked, measured)


def _measured_of(
    kind: type, names: npt.NDArray[np.str_], asked: Indices, measured: Measured
) -> dict[str, npt.NDArray[np.float64]]:
    """The facts of a kind, 0 where not asked."""
    found = columns_of(measured(kind, names[asked].tolist()))
    values = {field.name: np.zeros(len(names)) for field in fields(kind)}
    for name, column in values.items():
        column[asked] = found[name]  # both are sorted by SHA-256
    return values


def _near(
    facts: pa.Table,
    seen: npt.NDArray[np.int64],
    names: npt.NDArray[np.str_],
    params: CurateParams,
    folder: Path,
    measured: Measured,
) -> Pairs:
    """Pairs among the images seen, as places in `seen`; only pairs with a new image are compared."""
    found_by = hash_of(program_of("curate.copies"), params.near_bits, params.colour_variants)
    path = folder / f"copies-{found_by}.npz"
    known_names, known_pairs = np.empty(0, "U64"), np.empty((0, 2), "U64")
    if path.exists():
        try:
            known = arrays_in(path, MOST_BYTES)
            known_names, known_pairs = known["names"], known["pairs"]
        except (OSError, ValueError, KeyError) as error:
            log.warning("%s is damaged (%s): searching for near-duplicates again", path, one_line(error))
    new = ~np.isin(names, known_names)

    def looks_of(places: Sequence[int]) -> dict[int, bytes]:
        looks = measured(CloserLook, names[list(places)].tolist()) if places else None
        return dict(zip(places, looks["closer"].to_pylist(), strict=True)) if looks else {}

    if new.any():
        prints = facts.select(PRINTS).take(seen)
        found = copies_among(
            Fingerprints.of({name: bytes_of(prints[name]) for name in PRINTS}),
            new,
            params.near_bits,
            looks_of,
            colour_variants=params.colour_variants,
        )
        known_pairs = np.concatenate([known_pairs, names[found]])
        with atomic_write(path) as file:
            np.savez_compressed(file, names=np.union1d(known_names, names), pairs=known_pairs)
    here = np.isin(known_pairs, names).all(axis=1)
    return np.searchsorted(names, known_pairs[here])  # names are sorted
