"""Fingerprints in; pairs of images that show the same out. Arrays in, arrays out.

Where the limits come from: docs/explanation/near-duplicates.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from curate.copies.confirm import alike, parts_among
from curate.copies.groups import Pairs, best_of_groups
from curate.copies.hash_search import Words, bits_of, close_pairs
from curate.facts.fingerprint import THUMBNAIL_SIDE

PART_BITS = 64  # between an image's hash, or its inner hash, and the hash of what may be a part of it
STRIP = 6  # rows of 32: the banner that a copy may have along its upper or lower edge


@dataclass(frozen=True)
class Fingerprints:
    """The fingerprints of many images; see `curate.facts.fingerprint.Fingerprint`."""

    phash: Words
    phash_mirrored: Words
    phash_inner: Words
    thumbnail: npt.NDArray[np.uint8]  # (n, 32, 32, 3)

    @classmethod
    def of(cls, columns: Mapping[str, npt.NDArray[np.uint8]]) -> Self:
        """From the bytes of all images in a row, by field."""
        names = ("phash", "phash_mirrored", "phash_inner")
        words = {name: np.ascontiguousarray(columns[name]).view(np.uint64).reshape(-1, 4) for name in names}
        thumbnails = columns["thumbnail"].reshape(-1, THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3)
        return cls(**words, thumbnail=thumbnails)


def copies_among(
    prints: Fingerprints, new: npt.NDArray[np.bool_], near_bits: int, *, colour_variants: bool = False
) -> Pairs:
    """Pairs of images that are copies of each other, at least one of them new, confirmed on thumbnails.

    A copy may be re-encoded, resized, brighter or darker, mirrored, without its edges, or with a strip along
    one edge. An image in other colours counts as a copy only with `colour_variants`.

    Args:
        prints: of n images.
        new: (n,); pairs of which neither is new are known and left out.
        near_bits: how many of 256 bits may differ between copies.
        colour_variants: whether images that differ only in their colours are copies.
    """
    full, mirrored, inner = prints.phash, prints.phash_mirrored, prints.phash_inner
    near = close_pairs(full, full, new, max(near_bits, PART_BITS))
    mirrors = close_pairs(full, mirrored, new, near_bits)
    parts = np.concatenate([close_pairs(inner, full, new, PART_BITS), near])
    thumbnails = prints.thumbnail
    close = near[bits_of(full, near) <= near_bits]
    found = [
        np.sort(close, axis=1) if colour_variants else alike(thumbnails, close),
        alike(thumbnails, mirrors, mirrored=True),
    ]
    # pairs already in one group need no closer look, which takes milliseconds a pair
    for rows in (np.s_[STRIP:], np.s_[:-STRIP]):
        found.append(alike(thumbnails[:, rows], _apart(near, found, len(new))))
    found.append(parts_among(thumbnails, _apart(parts, found, len(new)), len(new)))
    return np.unique(np.concatenate(found), axis=0)


def _apart(pairs: Pairs, found: Sequence[Pairs], count: int) -> Pairs:
    """The pairs whose two images are not yet in one group."""
    group = best_of_groups(count, np.concatenate(found), [])
    return np.asarray(pairs[group[pairs[:, 0]] != group[pairs[:, 1]]])
