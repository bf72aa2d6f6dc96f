"""Fingerprints in; pairs of images with close hashes, and how their thumbnails lie on each other, out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from curate.copies.confirm import Kind
from curate.copies.groups import Pairs
from curate.copies.hash_search import Words, bits_of, close_pairs
from curate.facts.fingerprint import NARROW, THUMBNAIL_SIDE, WIDE
from fashion_pggan.images.hashes.perceptual_hash import BITS

WIDER, WIDEST = 2, 64  # bits: a rotated or cropped copy is found at twice `near_bits`, before it is aligned


@dataclass(frozen=True)
class Fingerprints:
    """The fingerprints of many images; see `curate.facts.fingerprint.Fingerprint`."""

    phash: Words
    phash_whole: Words
    phash_mirrored: Words
    phash_narrow: Words
    phash_wide: Words
    borders: npt.NDArray[np.float32]  # (n, 2)
    thumbnail: npt.NDArray[np.uint8]  # (n, 48, 48, 3)

    @classmethod
    def of(cls, columns: Mapping[str, npt.NDArray[np.uint8]]) -> Self:
        """From the bytes of all images in a row, by field."""
        names = ("phash", "phash_whole", "phash_mirrored", "phash_narrow", "phash_wide")
        words = {name: np.ascontiguousarray(columns[name]).view(np.uint64).reshape(-1, 4) for name in names}
        thumbnails = columns["thumbnail"].reshape(-1, THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3)
        borders = np.ascontiguousarray(columns["borders"]).view(np.float32).reshape(-1, 2)
        return cls(**words, borders=borders, thumbnail=thumbnails)


class Search(NamedTuple):
    """Hashes that are compared with those of others, and what a pair found by them may be."""

    kind: Kind
    one: Words
    other: Words
    cut: float = 0.0  # of a side, that the part lacks at each edge
    rows: npt.NDArray[np.bool_] | None = None  # the images that are looked up; None: all


class Candidate(NamedTuple):
    """Two images whose hashes are close, by their places in the fingerprints."""

    bits: int  # between the hashes that found it
    part: int
    whole: int
    search: int


class Laid(NamedTuple):
    """A candidate's thumbnails, and how one is laid on the other."""

    part: npt.NDArray[np.uint8]  # (48, 48, 3)
    whole: npt.NDArray[np.uint8]  # (48, 48, 3)
    cut: npt.NDArray[np.float32]  # (2,), shares of height and width that the part lacks at each edge
    limit: int  # bits that may differ once they are aligned
    places: tuple[int, int]  # of the part and of the whole, in the fingerprints
    mirrored: bool  # whether the part is


def searches_of(prints: Fingerprints) -> list[Search]:
    """All ways in which a copy's hashes may be close to an image's."""
    full, framed = prints.phash, prints.borders.max(axis=1) > 0  # without borders the whole is all there is
    return [
        Search(Kind.NEAR, full, full),
        Search(Kind.FRAMED, prints.phash_whole, prints.phash_whole, rows=framed),
        Search(Kind.MIRRORED, prints.phash_mirrored, full),
        Search(Kind.PART, prints.phash_narrow, full, NARROW),
        Search(Kind.PART, prints.phash_wide, full, WIDE),
    ]


def candidates_among(
    searches: Sequence[Search], new: npt.NDArray[np.bool_], near_bits: int
) -> list[Candidate]:
    """Pairs whose hashes are close."""
    candidates, far = [], min(WIDER * near_bits, WIDEST)
    for number, search in enumerate(searches):
        once = search.kind in (Kind.NEAR, Kind.MIRRORED)
        pairs = close_pairs(search.one, search.other, new, far, once=once, rows=search.rows)
        if search.kind != Kind.PART:
            pairs = np.unique(np.sort(pairs, axis=1), axis=0)
        candidates += _bits_apart(search, pairs, number)
    return candidates


def candidates_of(pairs: Pairs, searches: Sequence[Search], near_bits: int) -> list[list[Candidate]]:
    """For each pair, how its hashes are close; either image may be a part of the other."""
    candidates: list[list[Candidate]] = [[] for _ in pairs]
    ordered, far = np.sort(pairs, axis=1), min(WIDER * near_bits, WIDEST)
    both = np.concatenate([ordered, ordered[:, ::-1]])
    for number, search in enumerate(searches):
        asked = both if search.kind == Kind.PART else ordered
        for place, pair in enumerate(_bits_apart(search, asked, number)):
            if pair.bits <= far:
                candidates[place % len(pairs)].append(pair)
    return candidates


def _bits_apart(search: Search, pairs: Pairs, number: int) -> list[Candidate]:
    bits = bits_of(search.one, search.other, pairs)
    rows = zip(bits.tolist(), pairs[:, 1].tolist(), pairs[:, 0].tolist(), strict=True)
    return [Candidate(*row, number) for row in rows]


def is_variant(pair: Candidate, searches: Sequence[Search], near_bits: int) -> bool:
    """Whether it is a copy where colours do not count."""
    return searches[pair.search].kind == Kind.NEAR and pair.bits <= near_bits


def laid(prints: Fingerprints, pair: Candidate, search: Search, near_bits: int) -> Laid:
    """How a candidate's thumbnails lie on each other; the framed one is the whole."""
    part, whole, cut = pair.part, pair.whole, np.full(2, search.cut, np.float32)
    if search.kind == Kind.FRAMED:
        smaller, larger = prints.borders[part], prints.borders[whole]
        if smaller.sum() < larger.sum():  # the one with the wider borders shows a part of the other
            part, whole, smaller, larger = whole, part, larger, smaller
        cut = (smaller - larger) / (1 - 2 * larger)
    one = prints.thumbnail[part]
    if search.kind == Kind.MIRRORED:
        one = np.ascontiguousarray(one[:, ::-1])
    limit = near_bits if pair.bits > near_bits else BITS  # close as they are, or once they are aligned
    return Laid(one, prints.thumbnail[whole], cut, limit, (part, whole), search.kind == Kind.MIRRORED)
