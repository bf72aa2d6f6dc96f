"""Fingerprints in; pairs of images that show the same out. Arrays in, arrays out.

Where the limits come from: docs/explanation/near-duplicates.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import compress, islice
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from curate.copies.align import inner_place
from curate.copies.confirm import Kind, copied
from curate.copies.glance import alike
from curate.copies.groups import Pairs
from curate.copies.hash_search import Words, bits_of, close_pairs
from curate.facts.fingerprint import NARROW, THUMBNAIL_SIDE, WIDE
from fashion_pggan.images.hashes.perceptual_hash import BITS

WIDER, WIDEST = 2, 64  # bits: a rotated or cropped copy is found at twice `near_bits`, before it is aligned
LEAST_FRAME = 0.01  # of a side, by which the borders of a framed copy differ
TOGETHER = 64  # pairs compared before the groups are looked at again


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


class _Search(NamedTuple):
    """Hashes that are compared with those of others, and what a pair found by them may be."""

    kind: Kind
    one: Words
    other: Words
    cut: float = 0.0  # of a side, that the part lacks at each edge
    rows: npt.NDArray[np.bool_] | None = None  # the images that are looked up; None: all


class _Candidate(NamedTuple):
    bits: int  # between the hashes that found it
    part: int
    whole: int
    search: int


class _Laid(NamedTuple):
    """A candidate's thumbnails, and how one is laid on the other."""

    part: npt.NDArray[np.uint8]  # (48, 48, 3)
    whole: npt.NDArray[np.uint8]  # (48, 48, 3)
    cut: npt.NDArray[np.float32]  # (2,), shares of height and width that the part lacks at each edge
    limit: int  # bits that may differ once they are aligned


def copies_among(
    prints: Fingerprints, new: npt.NDArray[np.bool_], near_bits: int, *, colour_variants: bool = False
) -> Pairs:
    """Pairs of images that are copies of each other, at least one of them new; enough to connect each group.

    A copy may be re-encoded, resized, framed, of other brightness or contrast, slightly rotated, mirrored,
    without its edges, or with a strip along one edge. An image in other colours counts as a copy only with
    `colour_variants`.

    Args:
        prints: of n images.
        new: (n,); pairs of which neither is new are known and left out.
        near_bits: how many of 256 bits may differ between the hashes of copies, once they are aligned.
        colour_variants: whether images that differ only in their colours are copies.
    """
    group = np.arange(len(new))
    found: list[tuple[int, int]] = []
    searches = _searches(prints)
    waiting = iter(sorted(_candidates(searches, new, min(WIDER * near_bits, WIDEST))))

    with ThreadPoolExecutor() as pool:
        while some := list(islice(_apart(waiting, group), TOGETHER)):
            laid = [_laid(prints, pair, searches[pair.search], near_bits) for pair in some]
            for pair, same in zip(some, _confirmed(laid, pool), strict=True):
                if same or (colour_variants and _is_variant(pair, searches, near_bits)):
                    one, other = sorted((pair.part, pair.whole))
                    found.append((one, other))
                    _join(group, one, other)
    return np.unique(np.asarray(found, np.int64).reshape(-1, 2), axis=0)


def kinds_of(
    prints: Fingerprints, pairs: Pairs, near_bits: int, *, colour_variants: bool = False
) -> list[tuple[Kind, int] | None]:
    """How the images of each pair are copies, and how many bits apart at best, as `copies_among` finds.

    Args:
        prints: of n images.
        pairs: (k, 2) indices below n.
        near_bits: as for `copies_among`.
        colour_variants: likewise.

    Returns:
        One for each pair; None where only other images connect the two.
    """
    searches = _searches(prints)
    candidates = _candidates_of(pairs, searches, min(WIDER * near_bits, WIDEST))

    def kind_of(some: list[_Candidate]) -> tuple[Kind, int] | None:
        for pair in sorted(some):
            if found := _copy_of(prints, pair, searches[pair.search], near_bits):
                return found
        variants = [pair.bits for pair in some if _is_variant(pair, searches, near_bits)]
        return (Kind.RECOLOURED, min(variants)) if colour_variants and variants else None

    with ThreadPoolExecutor() as pool:
        return list(pool.map(kind_of, candidates))


def _searches(prints: Fingerprints) -> list[_Search]:
    full, framed = prints.phash, prints.borders.max(axis=1) > 0  # without borders the whole is all there is
    return [
        _Search(Kind.NEAR, full, full),
        _Search(Kind.FRAMED, prints.phash_whole, prints.phash_whole, rows=framed),
        _Search(Kind.MIRRORED, prints.phash_mirrored, full),
        _Search(Kind.PART, prints.phash_narrow, full, NARROW),
        _Search(Kind.PART, prints.phash_wide, full, WIDE),
    ]


def _candidates(searches: Sequence[_Search], new: npt.NDArray[np.bool_], far: int) -> list[_Candidate]:
    """Pairs whose hashes are close."""
    candidates = []
    for number, search in enumerate(searches):
        once = search.kind in (Kind.NEAR, Kind.MIRRORED)
        pairs = close_pairs(search.one, search.other, new, far, once=once, rows=search.rows)
        if search.kind != Kind.PART:
            pairs = np.unique(np.sort(pairs, axis=1), axis=0)
        candidates += _bits_apart(search, pairs, number)
    return candidates


def _candidates_of(pairs: Pairs, searches: Sequence[_Search], far: int) -> list[list[_Candidate]]:
    """For each pair, how its hashes are close; either image may be a part of the other."""
    candidates: list[list[_Candidate]] = [[] for _ in pairs]
    ordered = np.sort(pairs, axis=1)
    both = np.concatenate([ordered, ordered[:, ::-1]])
    for number, search in enumerate(searches):
        asked = both if search.kind == Kind.PART else ordered
        for place, pair in enumerate(_bits_apart(search, asked, number)):
            if pair.bits <= far:
                candidates[place % len(pairs)].append(pair)
    return candidates


def _bits_apart(search: _Search, pairs: Pairs, number: int) -> list[_Candidate]:
    bits = bits_of(search.one, search.other, pairs)
    rows = zip(bits.tolist(), pairs[:, 1].tolist(), pairs[:, 0].tolist(), strict=True)
    return [_Candidate(*row, number) for row in rows]


def _is_variant(pair: _Candidate, searches: Sequence[_Search], near_bits: int) -> bool:
    """Whether it is a copy where colours do not count."""
    return searches[pair.search].kind == Kind.NEAR and pair.bits <= near_bits


def _copy_of(
    prints: Fingerprints, pair: _Candidate, search: _Search, near_bits: int
) -> tuple[Kind, int] | None:
    found = _copied(_laid(prints, pair, search, near_bits))
    return (_kind_of(prints, pair, search, found[0]), min(pair.bits, found[1])) if found else None


def _laid(prints: Fingerprints, pair: _Candidate, search: _Search, near_bits: int) -> _Laid:
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
    return _Laid(one, prints.thumbnail[whole], cut, limit)


def _confirmed(laid: Sequence[_Laid], pool: Executor) -> npt.NDArray[np.bool_]:
    """Which of them are copies: (k,)."""
    parts, wholes, cuts, _ = zip(*laid, strict=True)
    found = alike(np.stack(parts), np.stack(wholes), np.stack(cuts))
    found[found] = [how is not None for how in pool.map(_copied, compress(laid, found))]
    return found


def _copied(laid: _Laid) -> tuple[Kind, int] | None:
    return copied(laid.part, laid.whole, inner_place(laid.cut), laid.limit)


def _kind_of(prints: Fingerprints, pair: _Candidate, search: _Search, aligned: Kind) -> Kind:
    if search.kind in (Kind.MIRRORED, Kind.PART):
        return search.kind
    if aligned not in (Kind.NEAR, Kind.PART):
        return aligned
    framed = np.abs(prints.borders[pair.part] - prints.borders[pair.whole]).max() > LEAST_FRAME
    return Kind.FRAMED if framed else Kind.NEAR


def _apart(candidates: Iterator[_Candidate], group: npt.NDArray[np.int64]) -> Iterator[_Candidate]:
    """The candidates whose two images are not yet in one group."""
    return (pair for pair in candidates if _root(group, pair.part) != _root(group, pair.whole))


def _root(group: npt.NDArray[np.int64], index: int) -> int:
    while group[index] != index:
        group[index] = group[group[index]]
        index = int(group[index])
    return index


def _join(group: npt.NDArray[np.int64], one: int, other: int) -> None:
    one, other = sorted((_root(group, one), _root(group, other)))
    group[other] = one
