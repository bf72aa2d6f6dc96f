"""How copies differ from the images that are kept in their place: in bytes, in encoding, or in look."""

from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.copies.best import PRINTS
from curate.copies.candidates import Fingerprints
from curate.copies.pairs import kinds_of
from curate.facts.row import bytes_of
from fashion_pggan.params import CurateParams


class Kin(StrEnum):
    """What a copy has in common with the image that is kept, where their looks need not be compared.

    Others are of a `curate.copies.confirm.Kind`.
    """

    BYTES = "bytes"
    PIXELS = "pixels"  # in another file
    LINKED = "linked"  # it is a copy of another copy


class Kinship(NamedTuple):
    """How far a copy is from the image that is kept."""

    kind: str
    bits: int | None  # of 256 in which the hashes of what both show differ, once aligned; None where linked


Pair = tuple[str, str]  # SHA-256 of a copy, and of the image that is kept


def kinships_of(pairs: Collection[Pair], facts: pa.Table, params: CurateParams) -> dict[Pair, Kinship]:
    """What the decision found between copies and the images that are kept.

    Args:
        pairs: of images that curation took for copies.
        facts: of all images, by SHA-256.
        params: the curate section.
    """
    names = pa.array(sorted({name for pair in pairs for name in pair}), pa.string())
    rows = facts.take(pc.index_in(names, facts["sha256"].combine_chunks()))
    place = {name: number for number, name in enumerate(names.to_pylist())}
    shown = rows["pixels_hash"].to_pylist()
    kinships: dict[Pair, Kinship] = {}
    looked_at = []
    for pair in sorted(set(pairs)):
        copy, kept = pair
        if copy == kept:
            kinships[pair] = Kinship(Kin.BYTES.value, 0)
        elif shown[place[copy]] == shown[place[kept]]:
            kinships[pair] = Kinship(Kin.PIXELS.value, 0)
        else:
            looked_at.append(pair)
    return kinships | _by_looks(looked_at, place, rows, params)


def _by_looks(
    pairs: list[Pair], place: dict[str, int], rows: pa.Table, params: CurateParams
) -> dict[Pair, Kinship]:
    if not pairs:
        return {}
    found = kinds_of(
        Fingerprints.of({name: bytes_of(rows[name]) for name in PRINTS}),
        np.asarray([(place[copy], place[kept]) for copy, kept in pairs], np.int64),
        params.near_bits,
        colour_variants=params.colour_variants,
    )
    linked = Kinship(Kin.LINKED.value, None)
    kinships = [linked if each is None else Kinship(each[0].value, each[1]) for each in found]
    return dict(zip(pairs, kinships, strict=True))
