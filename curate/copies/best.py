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
from curate.copies.groups import Pairs, best_of_groups, exact_copies
from curate.copies.pairs import copies_among
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
        measured: asked for the quality of equally large copies, and for a closer look at near ones.
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
    return best_of_groups(len(usable), pairs, merits_of(chosen | _quality(chosen, pairs, measured)))


def _quality(
    columns: Mapping[str, npt.NDArray[Any]], pairs: Pairs, measured: Measured
) -> dict[str, npt.NDArray[np.float64]]:
    """Banner and sharpness of copies as large as the largest with other pixels: they can decide. Else 0."""
    area = columns["width"] * columns["height"]
    best = best_of_groups(len(area), pairs, [area])  # its number names the group
    large = np.flatnonzero(area == area[best])
    _, pixels = np.unique(columns["pixels_hash"][large], return_inverse=True)
    least, most = pixels.max(initial=0) + np.zeros(len(area), np.int64), np.zeros(len(area), np.int64)
    np.minimum.at(least, best[large], pixels)
    np.maximum.at(most, best[large], pixels)
    tied = large[least[best[large]] < most[best[large]]]  # equal pixels are equally good
    found = columns_of(measured(Quality, columns["sha256"][tied].tolist()).select(["banner", "sharpness"]))
    quality = {name: np.zeros(len(area)) for name in found}
    for name, values in found.items():
        quality[name][tied] = values  # both are sorted by SHA-256
    return quality


def merits_of(facts: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[np.float64]]:
    """What makes a copy better, the most important first: it is larger, has no banner, lost less, is sharper.

    Blocks and dither look sharp, so sharpness comes last: after the format (a GIF has 256 colours), the
    quality of a JPEG, and the number of bytes.
    """
    quality = np.where(facts["format"] == "GIF", 0.0, np.nan_to_num(facts["jpeg_quality"], nan=100.0))
    area = facts["width"] * facts["height"]
    return [area, -facts["banner"], quality, facts["size"], facts["sharpness"]]


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
