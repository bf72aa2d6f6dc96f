"""Copies of an image: which pairs show the same, and which of a group is kept. Arrays in, arrays out.

Measured over the spread of copies and of other garments: docs/explanation/near-duplicates.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from curate.facts.fingerprint import THUMBNAIL_SIDE

Indices = npt.NDArray[np.int64]
Pairs = npt.NDArray[np.int64]  # (k, 2), indices of images
Words = npt.NDArray[np.uint64]  # (n, 4): 256 bits each

PART_BITS = 64  # between an image's hash, or its inner hash, and the hash of what may be a part of it
GAINS = (0.7, 1.4)  # brightness of a copy over that of the original
MOST_MEAN, MOST_HIGH = (
    4.0,
    12.0,
)  # grey levels between thumbnails of copies: on average; of 95 % of the values
PART_TIMES = 1.8  # how much more a part may differ, whose edges lie on no whole pixels
FINER = 2  # times as many pixels when a part is placed at last
# Correlation of a part with its place: over few sizes, over all, with finer pixels. Below it is none.
LEAST_ROUGHLY, LEAST_LIKELY, LEAST_LIKENESS = 0.88, 0.93, 0.965
STRIP = 6  # rows of 32: a banner that a copy may bear along its upper or lower edge
SMALLEST_PART = 26  # pixels of 32: a crop takes off a fifth of a side at most
TILE_ROWS, TILE_COLUMNS = 64, 4096  # hashes compared with each other at once: they stay in the cache


@dataclass(frozen=True)
class Fingerprints:
    """The fingerprints of many images; see `curate.facts.fingerprint.Fingerprint`."""

    phash: Words
    phash_mirrored: Words
    phash_inner: Words
    thumbnail: npt.NDArray[np.uint8]  # (n, 32, 32, 3)

    @classmethod
    def of(cls, columns: Mapping[str, npt.NDArray[np.uint8]]) -> Self:
        """From the bytes of all images one after another, by field."""
        names = ("phash", "phash_mirrored", "phash_inner")
        words = {name: np.ascontiguousarray(columns[name]).view(np.uint64).reshape(-1, 4) for name in names}
        thumbnails = columns["thumbnail"].reshape(-1, THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3)
        return cls(**words, thumbnail=thumbnails)


def copies_among(
    prints: Fingerprints, new: npt.NDArray[np.bool_], near_bits: int, *, colour_variants: bool = False
) -> Pairs:
    """Pairs of images that are copies of each other, one of them at least new, confirmed on thumbnails.

    A copy may be re-encoded, resized, brighter or darker, mirrored, without its edges or with a strip along
    one. One in other colours is none unless colour variants are asked for.

    Args:
        prints: of n images.
        new: (n,); pairs of which neither is new are known and left out.
        near_bits: how many of 256 bits may differ between copies.
        colour_variants: whether images that agree but for their colours are copies.
    """
    full, mirrored, inner = prints.phash, prints.phash_mirrored, prints.phash_inner
    near = _close_pairs(full, full, new, max(near_bits, PART_BITS))
    mirrors = _close_pairs(full, mirrored, new, near_bits)
    parts = np.concatenate([_close_pairs(inner, full, new, PART_BITS), near])
    thumbnails = prints.thumbnail
    close = near[_bits_of(full, near) <= near_bits]
    found = [
        np.sort(close, axis=1) if colour_variants else _alike(thumbnails, close),
        _alike(thumbnails, mirrors, mirrored=True),
    ]
    # what groups hold together already needs no closer look, which takes milliseconds a pair
    for rows in (np.s_[STRIP:], np.s_[:-STRIP]):
        found.append(_alike(thumbnails[:, rows], _apart(near, found, len(new))))
    found.append(_parts(thumbnails, _apart(parts, found, len(new)), len(new)))
    return np.unique(np.concatenate(found), axis=0)


def _apart(pairs: Pairs, found: Sequence[Pairs], count: int) -> Pairs:
    """The pairs whose two images are not yet in one group."""
    group = best_of_groups(count, np.concatenate(found), [])
    return np.asarray(pairs[group[pairs[:, 0]] != group[pairs[:, 1]]])


def _close_pairs(one: Words, other: Words, new: npt.NDArray[np.bool_], bits: int) -> Pairs:
    """Pairs (i, j), i != j, in which `one[i]` and `other[j]` differ in at most `bits`, and i or j is new."""
    known, fresh = np.flatnonzero(~new), np.flatnonzero(new)
    # what is not new needs to be compared with what is new alone
    tasks = ((fresh, np.arange(len(one))), (known, fresh))
    found = [_search(one, other, rows, columns, bits) for rows, columns in tasks]
    pairs = np.concatenate([np.empty((0, 2), np.int64), *found])
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return np.asarray(pairs[np.bitwise_count(one[pairs[:, 0]] ^ other[pairs[:, 1]]).sum(axis=1) <= bits])


def _search(one: Words, other: Words, rows: Indices, columns: Indices, bits: int) -> Pairs:
    """Pairs from `rows` and `columns` whose distance, modulo 256, is at most `bits`; tile by tile."""
    across = np.ascontiguousarray(other[columns].T)  # (4, m)

    def search(start: int) -> Pairs:
        block = rows[start : start + TILE_ROWS]
        size = len(block), TILE_COLUMNS
        different, counts, total = (
            np.empty(size, np.uint64),
            np.empty(size, np.uint8),
            np.empty(size, np.uint8),
        )
        found = [np.empty((0, 2), np.int64)]
        for begin in range(0, len(columns), TILE_COLUMNS):
            tile = np.s_[:, : min(TILE_COLUMNS, len(columns) - begin)]
            total[tile] = 0
            for word in range(one.shape[1]):
                there = across[None, word, begin : begin + TILE_COLUMNS]
                np.bitwise_xor(one[block, word, None], there, out=different[tile])
                np.bitwise_count(different[tile], out=counts[tile])
                np.add(total[tile], counts[tile], out=total[tile])
            row, column = np.nonzero(total[tile] <= bits)
            found.append(np.stack([block[row], columns[column + begin]], axis=1))
        return np.concatenate(found)

    with ThreadPoolExecutor() as pool:
        return np.concatenate([np.empty((0, 2), np.int64), *pool.map(search, range(0, len(rows), TILE_ROWS))])


def _bits_of(words: Words, pairs: Pairs) -> npt.NDArray[np.int64]:
    return np.asarray(np.bitwise_count(words[pairs[:, 0]] ^ words[pairs[:, 1]]).sum(axis=1))


def _alike(thumbnails: npt.NDArray[np.uint8], pairs: Pairs, *, mirrored: bool = False) -> Pairs:
    """The pairs whose thumbnails agree but for brightness; smaller index first."""
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    kept = [pairs[:0]]
    for part in _chunks(pairs):
        one = thumbnails[part[:, 0]].astype(np.float32)
        other = thumbnails[part[:, 1]].astype(np.float32)
        if mirrored:
            other = other[:, :, ::-1]
        kept.append(part[_close(one, other)])
    return np.concatenate(kept)


def _close(
    one: npt.NDArray[np.float32], other: npt.NDArray[np.float32], times: float = 1.0
) -> npt.NDArray[np.bool_]:
    """Whether images (n, h, w, 3) agree, once equally bright; within so many times the limits."""
    one, other = one.reshape(len(one), -1), other.reshape(len(other), -1)
    gain = (one * other).sum(axis=1) / np.maximum((one * one).sum(axis=1), 1.0)
    lit = np.clip(one * gain[:, None], 0, 255)
    difference = np.abs(lit - other)
    close = difference.mean(axis=1) <= MOST_MEAN * times
    close &= np.percentile(difference, 95, axis=1) <= MOST_HIGH * times
    return np.asarray(close & (gain >= GAINS[0]) & (gain <= GAINS[1]))


def _parts(thumbnails: npt.NDArray[np.uint8], pairs: Pairs, count: int) -> Pairs:
    """Pairs of which one shows the other without its edges, as many as connect all; smaller index first."""
    group = list(range(count))

    def root(index: int) -> int:
        while group[index] != index:
            group[index] = group[group[index]]
            index = group[index]
        return index

    kept = []
    for whole, part in pairs.tolist():
        one, other = root(whole), root(part)
        if one != other and _is_part(thumbnails[whole], thumbnails[part]):
            group[max(one, other)] = min(one, other)
            kept.append(sorted((whole, part)))
    return np.asarray(kept, np.int64).reshape(-1, 2)


def _is_part(whole: npt.NDArray[np.uint8], part: npt.NDArray[np.uint8]) -> bool:
    """Whether a thumbnail, made a little smaller, lies within another: found roughly, then at half pixels."""
    sides = range(SMALLEST_PART, THUMBNAIL_SIDE + 1)
    likeness, _ = _best_place(whole, part, [(side, side) for side in sides[::2]])
    if likeness < LEAST_ROUGHLY:
        return False
    likeness, (_, _, width, height) = _best_place(whole, part, list(product(sides, sides)))
    if likeness < LEAST_LIKELY:
        return False
    finer = cv2.resize(whole, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_CUBIC)
    widths, heights = (
        range(FINER * side - FINER, min(FINER * side + FINER, len(finer)) + 1) for side in (width, height)
    )
    likeness, (left, top, width, height) = _best_place(finer, part, list(product(widths, heights)))
    if likeness < LEAST_LIKENESS:
        return False
    found = finer[top : top + height, left : left + width].astype(np.float32)
    smaller = _resized(part, width, height).astype(np.float32)
    return bool(_close(found[None], smaller[None], PART_TIMES)[0])


def _resized(part: npt.NDArray[np.uint8], width: int, height: int) -> npt.NDArray[np.uint8]:
    how = cv2.INTER_AREA if max(width, height) <= THUMBNAIL_SIDE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (width, height), interpolation=how), np.uint8)


def _best_place(
    whole: npt.NDArray[np.uint8], part: npt.NDArray[np.uint8], sizes: Sequence[tuple[int, int]]
) -> tuple[float, tuple[int, int, int, int]]:
    """The largest correlation of the part, reduced to one of these sizes, with a place in the whole."""
    best, place = -1.0, (0, 0, 0, 0)
    for width, height in sizes:
        smaller = _resized(part, width, height)
        likeness = cv2.matchTemplate(whole, smaller, cv2.TM_CCOEFF_NORMED)
        _, most, _, (left, top) = cv2.minMaxLoc(likeness)
        if most > best:
            best, place = most, (left, top, width, height)
    return best, place


def _chunks(pairs: Pairs) -> Iterator[Pairs]:
    for start in range(0, len(pairs), 1024):
        yield pairs[start : start + 1024]


def best_of_groups(count: int, pairs: Pairs, merits: Sequence[npt.NDArray[np.float64]]) -> Indices:
    """For each image the best of its group; of equally good ones the first.

    A group is all that copies connect, for a copy of a copy shows the same; the confirmation is strict, so
    that such chains stay short.

    Args:
        count: n, the number of images.
        pairs: copies of each other, as (k, 2) indices below n.
        merits: (n,) each, larger is better; the first that differs decides.
    """
    order = np.lexsort((np.arange(count), *(-merit for merit in reversed(merits))))  # best first
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    best = rank.copy()  # of the group, as far as it is known
    while True:
        before = best.copy()
        np.minimum.at(best, pairs[:, 0], before[pairs[:, 1]])
        np.minimum.at(best, pairs[:, 1], before[pairs[:, 0]])
        best = best[order[best]]  # the best of the best is better still
        if np.array_equal(best, before):
            return np.asarray(order[best])


def exact_copies(hashes: npt.NDArray[np.str_]) -> Pairs:
    """Pairs of images with the same pixels: each with the first that has them."""
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    pairs: Pairs = np.stack([first[group], np.arange(len(hashes))], axis=1)
    return np.asarray(pairs[pairs[:, 0] != pairs[:, 1]])
