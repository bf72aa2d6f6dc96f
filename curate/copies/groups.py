"""Pairs of copies in; groups, and the best image of each, out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
Pairs = npt.NDArray[np.int64]  # (k, 2), indices of images

AS_LARGE = 0.9  # of the largest copy's own pixels: the edges of a border are found to some pixels
AS_WHOLE = 0.02  # of an image, that may be border where another copy has less
WITH_BANNER = 0.5  # of an image's pixels, that one with a banner is worth
LARGER = 1.1  # times the side of another copy, at least, of an image that is enlarged from it
SHARP = 1.8  # pixels in which edges rise: they do not tell more where a copy is sharpened


def exact_copies(hashes: npt.NDArray[np.str_]) -> Pairs:
    """Pairs of images with the same pixels: each one with the first of them."""
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    pairs: Pairs = np.stack([first[group], np.arange(len(hashes))], axis=1)
    return np.asarray(pairs[pairs[:, 0] != pairs[:, 1]])


def best_of_groups(count: int, pairs: Pairs, merits: Sequence[npt.NDArray[np.float64]]) -> Indices:
    """For each image the best of its group; the first among equally good ones.

    A group holds all images that copies connect: a copy of a copy shows the same. The confirmation is strict,
    so such chains stay short.

    Args:
        count: n, the number of images.
        pairs: copies of each other, as (k, 2) indices below n.
        merits: (n,) each, larger is better; the first one that differs decides.
    """
    order = np.lexsort((np.arange(count), *(-merit for merit in reversed(merits))))  # best first
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    best = rank.copy()  # of the group found so far
    while True:
        before = best.copy()
        np.minimum.at(best, pairs[:, 0], before[pairs[:, 1]])
        np.minimum.at(best, pairs[:, 1], before[pairs[:, 0]])
        best = best[order[best]]  # follow to the best of the whole group
        if np.array_equal(best, before):
            return np.asarray(order[best])


def most_of(values: npt.NDArray[np.float64], group: Indices) -> npt.NDArray[np.float64]:
    """For each image the largest value in its group.

    Args:
        values: (n,), at least 0.
        group: (n,), the number of each image's group, of any size.
    """
    most = np.zeros(group.max(initial=0) + 1)
    np.maximum.at(most, group, values)
    return most[group]


def least_of(values: npt.NDArray[np.float64], group: Indices) -> npt.NDArray[np.float64]:
    """For each image the least value in its group; see `most_of`."""
    least = np.full(group.max(initial=0) + 1, np.inf)
    np.minimum.at(least, group, values)
    return least[group]


def enlarged(facts: Mapping[str, npt.NDArray[Any]], group: Indices) -> npt.NDArray[np.bool_]:
    """Which images are enlarged copies of a smaller one in their group, by the width of their edges.

    An original that is r times as large as its copy has edges as narrow; an enlarged one has edges r times as
    wide. So the limit is in between, at the square root of r.

    Args:
        facts: `own`, pixels without borders, and `edge_width`, both 0 in groups of one image; (n,) each.
        group: (n,), the number of each image's group.
    """
    found = np.zeros(len(group), np.bool_)
    side, width = np.sqrt(facts["own"]), facts["edge_width"]
    order = np.argsort(group, kind="stable")
    wide = np.flatnonzero(width > SHARP)
    firsts, lasts = (np.searchsorted(group[order], group[wide], where) for where in ("left", "right"))
    for place, first, last in zip(wide, firsts, lasts, strict=True):
        others = order[first:last]
        others = others[LARGER * side[others] < side[place]]
        most = np.maximum(width[others], SHARP) * np.sqrt(side[place] / side[others])
        found[place] = (width[place] > most).any()
    return found


def merits_of(facts: Mapping[str, npt.NDArray[Any]], group: Indices) -> list[npt.NDArray[np.float64]]:
    """What makes a copy better, the most important first.

    It has as many pixels of its own as any, where a banner counts for half of them; it has less border; it is
    larger, lost less, is sharper. Blocks and dither look sharp, so sharpness comes last: after the format (a
    GIF has 256 colours), the quality of a JPEG, and the number of bytes.

    Args:
        facts: width, height, own_share, worth (own pixels, 0 for enlarged copies), banner, format,
            jpeg_quality, size, sharpness; (n,) each.
        group: (n,), the number of each image's group.
    """
    worth = facts["worth"] * (1 - (1 - WITH_BANNER) * facts["banner"])
    large = worth >= AS_LARGE * most_of(worth, group)
    area = facts["width"] * facts["height"]
    share = np.where(large, facts["own_share"], 0)
    unframed = share >= most_of(share, group) - AS_WHOLE
    quality = np.where(facts["format"] == "GIF", 0.0, np.nan_to_num(facts["jpeg_quality"], nan=100.0))
    order = (large, large & unframed, area, quality, facts["size"], facts["sharpness"])
    return [np.asarray(merit, np.float64) for merit in order]
